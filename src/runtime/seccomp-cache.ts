/** Compiled system call filters, kept in the user's cache: with the usual options a container's filter costs one stat(2). */
import { statSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import type { TaskEither } from 'fp-ts/TaskEither';
import * as TE from 'fp-ts/TaskEither';
import type { SkiffError } from '../core/errors.ts';
import { fail, toSkiffError } from '../core/errors.ts';
import type { CapabilityName } from './capabilities.ts';
import { capabilityMask } from './capabilities.ts';
import type { SeccompChoice } from './confinement.ts';
import type { SeccompArch } from './seccomp.ts';

/**
 * Names what the default profile and the compiler make, so that an upgrade does not take a predecessor's filters for its
 * own. It is a digest that test/unit/seccomp-cache.test.ts computes from the lowered profile and helpers/seccomp*.[ch];
 * the test says what to write here.
 */
export const seccompVersion = '3f1d4f465744';

export interface SeccompDeps {
  /** `Paths.cache`. */
  readonly cache: string;
  /** The path of skiff-seccomp; called only when a filter has to be compiled. */
  readonly helper: () => string;
}

export interface SeccompOptions {
  /** In single-uid mode: the one user and group that exist in the container. Adds the filter of singleUidRules(). */
  readonly singleUid?: { readonly uid: number; readonly gid: number };
}

/** What the default profile's conditions are checked against, and the compiled filters' directory. */
interface Context extends SeccompDeps {
  readonly directory: string;
  readonly arch: SeccompArch;
  /** uname's release: `6.1.0-18-amd64`. */
  readonly kernel: string;
  readonly capabilities: readonly CapabilityName[];
}

/**
 * The files with the filters (struct sock_filter[]) to install, in this order; none when the container is unconfined
 * and has more than one uid. `capabilities` is the bounding set. Safe to call from many processes at once: files appear
 * whole, by rename. Errors: those of decodeProfile() for a profile file, Refused on a processor without a profile,
 * System when compiling or writing fails.
 */
export const seccompProgram = (
  deps: SeccompDeps,
  confinement: { readonly seccomp: SeccompChoice },
  capabilities: readonly CapabilityName[],
  options: SeccompOptions = {},
): TaskEither<SkiffError, readonly string[]> =>
  TE.tryCatch(
    async () => {
      const { seccomp } = confinement;
      const { singleUid } = options;
      if (seccomp.kind === 'unconfined' && singleUid === undefined) return [];
      const directory = join(deps.cache, 'seccomp');
      const context: Context = { ...deps, directory, arch: nativeArch(), kernel: release(), capabilities };
      const files: string[] = [];
      if (singleUid !== undefined) files.push(await singleUidFilter(context, singleUid));
      if (seccomp.kind === 'default') files.push(await defaultFilter(context));
      if (seccomp.kind === 'file') files.push(await fileFilter(context, seccomp.path));
      return files;
    },
    toSkiffError('prepare the system call filter in', deps.cache),
  );

const nativeArch = (): SeccompArch => {
  if (process.arch === 'x64') return 'x86_64';
  if (process.arch === 'arm64') return 'aarch64';
  return fail({
    _tag: 'Refused',
    message: `there is no seccomp profile for processors of the kind ${process.arch}`,
    hint: 'use --security-opt seccomp=unconfined to run without one',
  });
};

const defaultFilter = (context: Context): Promise<string> => {
  const { arch, kernel, capabilities } = context;
  const series = kernel.split(/[.-]/, 2).join('.');
  const key = `default-${seccompVersion}-${arch}-${series}-${capabilityMask(capabilities).toString(16)}`;
  return cached(context, key, async () => {
    const [{ lowerProfile }, { defaultProfile }] = await Promise.all([import('./seccomp.ts'), import('./seccomp-profile.ts')]);
    return lowerProfile(defaultProfile, { arch, kernel, capabilities });
  });
};

const singleUidFilter = (context: Context, ids: { readonly uid: number; readonly gid: number }): Promise<string> =>
  cached(context, `ids-${seccompVersion}-${context.arch}-${ids.uid}-${ids.gid}`, async () => {
    const { singleUidRules } = await import('./seccomp.ts');
    return singleUidRules(ids, context.arch);
  });

/** The key is a digest of the lines themselves, so two spellings of one profile share a filter. */
const fileFilter = async (context: Context, path: string): Promise<string> => {
  const [{ readProfile }, { lowerProfile }, { createHash }] = await Promise.all([
    import('./seccomp-decode.ts'),
    import('./seccomp.ts'),
    import('node:crypto'),
  ]);
  const lines = lowerProfile(readProfile(path, context.arch), context);
  const digest = createHash('sha256').update(lines.join('\n')).digest('hex');
  return cached(context, `file-${seccompVersion}-${digest}`, async () => lines);
};

/** The file `key`, made from `lines()` when it is not there. */
const cached = async (context: Context, key: string, lines: () => Promise<readonly string[]>): Promise<string> => {
  const path = join(context.directory, `${key}.bpf`);
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0) return path;
  const { compileFilter } = await import('./seccomp-compile.ts');
  compileFilter(context.helper(), await lines(), path);
  return path;
};
