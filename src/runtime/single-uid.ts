/** What a container needs beside a filter to get along with a single user id: see DESIGN.md section 3, "No subordinate ids". */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { printable } from '../core/errors.ts';
import { parseSubordinateIds } from '../core/subordinate-ids.ts';
import { findProgram } from '../system/programs.ts';
import { readOptional } from '../system/read-optional.ts';
import type { OciMount, OciSpec } from '../core/oci-runtime.ts';
import type { Host } from '../system/host.ts';

/**
 * apt downloads as a user of its own and checks afterwards that it became that user, which a filter cannot pretend. This is
 * the setting that tells it to stay root, apt.conf(5).
 */
const aptSettings = 'APT::Sandbox::User "root";\n';
const aptPath = '/dev/.skiff-apt.conf';

/** The first id that the texts of /etc/subuid and /etc/subgid give to nobody; 100000 and up is where distributions begin. */
const firstFreeId = (...texts: readonly string[]): number => {
  const ends = texts.flatMap((text) => [...text.matchAll(/^[^:\n]+:(\d{1,10}):(\d{1,10})$/gm)]).map(([, start, count]) => Number(start) + Number(count));
  return Math.max(100000, ...ends);
};

/** What an administrator has to type, empty where nothing is missing; with a range that does not overlap with another user's: who shares ids shares files. */
export const grantIds = (host: Pick<Host, 'user' | 'uid'>, env: NodeJS.ProcessEnv): string => {
  const [uids, gids] = [readOptional('/etc/subuid'), readOptional('/etc/subgid')];
  const first = firstFreeId(uids, gids);
  const range = `${first}-${first + 65535}`;
  const has = (text: string): boolean => parseSubordinateIds(text, host.user, host.uid).length > 0;
  const install = findProgram(env, 'newuidmap') === undefined || findProgram(env, 'newgidmap') === undefined ? ['apt-get install uidmap'] : [];
  const flags = [...(has(uids) ? [] : [`--add-subuids ${range}`]), ...(has(gids) ? [] : [`--add-subgids ${range}`])];
  return [...install, ...(flags.length === 0 ? [] : [`usermod ${flags.join(' ')} ${host.user}`])].join(' && ');
};

/** Said once per command in single-uid mode. */
export const singleUidNotice = (host: Pick<Host, 'user' | 'uid'>, reason: string, env: NodeJS.ProcessEnv): string =>
  printable(`containers have one user here, you (${reason}): every file belongs to you and chown only seems to work; for more ask an administrator to run: ${grantIds(host, env)}`);

/** The one user and group that exist in a container without subordinate ids; 0 unless --userns keep-id chose others. */
export const onlyIds = (oci: OciSpec): { readonly uid: number; readonly gid: number } => ({
  uid: oci.linux.uidMappings?.[0]?.containerID ?? 0,
  gid: oci.linux.gidMappings?.[0]?.containerID ?? 0,
});

/** The environment and the mount that let apt run, unless the container has an APT_CONFIG of its own. The file's directory is made by `writeSingleUidFiles`. */
export const singleUidParts = (oci: OciSpec, directory: string): { readonly extraEnvironment: readonly string[]; readonly extraMounts: readonly OciMount[] } =>
  oci.process.env.some((line) => line.startsWith('APT_CONFIG='))
    ? { extraEnvironment: [], extraMounts: [] }
    : {
        extraEnvironment: [`APT_CONFIG=${aptPath}`],
        extraMounts: [{ destination: aptPath, type: 'bind', source: join(directory, 'single-uid', 'apt.conf'), options: ['bind', 'ro', 'rprivate'] }],
      };

/** Writes what `singleUidParts` binds. */
export const writeSingleUidFiles = (directory: string): void => {
  mkdirSync(join(directory, 'single-uid'), { recursive: true, mode: 0o755 });
  writeFileSync(join(directory, 'single-uid', 'apt.conf'), aptSettings, { mode: 0o644 });
};
