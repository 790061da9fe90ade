/** The kernel's list of mounts, proc_pid_mountinfo(5). Pure. */

export interface Mount {
  readonly point: string;
  readonly type: string;
  /** Of the mount and of its file system together. */
  readonly options: readonly string[];
}

/** Blanks, line breaks and backslashes are written as octal numbers. */
const unescape = (text: string): string => text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));

const parseLine = (line: string): readonly Mount[] => {
  const [before = '', after = ''] = line.split(' - ');
  const [, , , , point, options] = before.split(' ');
  const [type, , superOptions = ''] = after.split(' ');
  return point === undefined || options === undefined || type === undefined || type === '' ? [] : [{ point: unescape(point), type, options: [...options.split(','), ...superOptions.split(',')] }];
};

/** The mounts in the order in which they were made. */
export const mountsIn = (text: string): readonly Mount[] => text.split('\n').flatMap(parseLine);

/** The mount that `path`, absolute and without links, is on; of several on one point the last, which hides the others. */
export const mountOf = (mounts: readonly Mount[], path: string): Mount | undefined => {
  const holds = ({ point }: Mount): boolean => point === '/' || path === point || path.startsWith(`${point}/`);
  return mounts.filter(holds).reduce<Mount | undefined>((best, mount) => (best === undefined || mount.point.length >= best.point.length ? mount : best), undefined);
};
