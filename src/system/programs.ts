/** Finding host programs by name. The helpers never search: they are given absolute paths. */
import { accessSync, constants } from 'node:fs';

/** Administrators' programs are often outside an ordinary user's PATH. */
const systemDirectories = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** The absolute path of the first executable `name` on PATH or in the system's directories; undefined when there is none. */
export const findProgram = (env: Readonly<Record<string, string | undefined>>, name: string): string | undefined => {
  const onPath = (env['PATH'] ?? '').split(':').filter((directory) => directory.startsWith('/'));
  for (const directory of [...onPath, ...systemDirectories]) {
    const candidate = `${directory}/${name}`;
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not here: the next directory.
    }
  }
  return undefined;
};
