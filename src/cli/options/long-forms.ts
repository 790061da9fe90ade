/** The long forms, and the older names, of commands. Repeats the tables' `aliases`, so that looking one up loads no table; a test compares. */
export const longForms: Readonly<Record<string, string>> = {
  'container attach': 'attach',
  'container exec': 'exec',
  'container export': 'export',
  'container list': 'ps',
  'container ls': 'ps',
  'container ps': 'ps',
  'container remove': 'rm',
  'container rm': 'rm',
  'container run': 'run',
  'image history': 'history',
  'image import': 'import',
  'image inspect': 'image-inspect',
  'image list': 'images',
  'image load': 'load',
  'image ls': 'images',
  'image prune': 'image-prune',
  'image pull': 'pull',
  'image push': 'push',
  'image remove': 'rmi',
  'image rm': 'rmi',
  'image save': 'save',
  'image tag': 'tag',
  'manifest inspect': 'manifest-inspect',
  'system df': 'system-df',
  'system info': 'info',
};

/** The first words of the long forms. */
export const families: readonly string[] = ['container', 'image', 'manifest', 'system'];
