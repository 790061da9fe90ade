/** The long forms, and the older names, of commands. Repeats the tables' `aliases`, so that looking one up loads no table; a test compares. */
export const longForms: Readonly<Record<string, string>> = {
  'container attach': 'attach',
  'container exec': 'exec',
  'container list': 'ps',
  'container ls': 'ps',
  'container ps': 'ps',
  'container remove': 'rm',
  'container rm': 'rm',
  'container run': 'run',
  'image import': 'import',
  'image list': 'images',
  'image load': 'load',
  'image ls': 'images',
  'system info': 'info',
};

/** The first words of the long forms. */
export const families: readonly string[] = ['container', 'image', 'system'];
