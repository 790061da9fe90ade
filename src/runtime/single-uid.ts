/** What a container needs beside a filter to get along with a single user id: see DESIGN.md section 3, "No subordinate ids". */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OciMount, OciSpec } from '../core/oci-runtime.ts';

/**
 * apt downloads as a user of its own and checks afterwards that it became that user, which a filter cannot pretend. This is
 * the setting that tells it to stay root, apt.conf(5).
 */
const aptSettings = 'APT::Sandbox::User "root";\n';
const aptPath = '/dev/.skiff-apt.conf';

/** Said once per command in single-uid mode. */
export const singleUidNotice = (reason: string): string =>
  `only your own user id can be used in containers: ${reason}; files keep you as their owner and other users cannot be used (an administrator gives you more with: apt-get install uidmap; usermod --add-subuids 100000-165535 --add-subgids 100000-165535 NAME)`;

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
