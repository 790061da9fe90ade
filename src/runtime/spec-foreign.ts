/** A container's config.json completed for another OCI runtime (`--runtime`), which looks nothing up for us. */
import type { OciMount, OciSpec, OciUser } from '../core/oci-runtime.ts';
import type { SkiffSpec } from './spec-types.ts';

export interface ForeignParts {
  /** Looked up in the container's own /etc/passwd and /etc/group. */
  readonly user: OciUser;
  /** The user's home directory, for HOME where nobody set it. */
  readonly home: string;
  /** A seccomp profile in OCI's form, if there is a filter. */
  readonly seccomp?: unknown;
  /** The static init on the host and the words between it and the command; used with `--init`. */
  readonly init: { readonly program: string; readonly arguments: readonly string[] };
  /** Where the merged root file system is; absolute. */
  readonly root: string;
}

/** Docker puts its init at /sbin/docker-init; below /dev nothing of the image is covered. */
const initPath = '/dev/.skiff-init';

/** `oci` with user, HOME, seccomp profile, init and root filled in. The result is complete for crun, runc and runsc. */
export const completeForRuntime = (oci: OciSpec, skiff: SkiffSpec, parts: ForeignParts): OciSpec => {
  const { process } = oci;
  const init: OciMount = { destination: initPath, type: 'bind', source: parts.init.program, options: ['bind', 'ro', 'nosuid', 'nodev'] };
  return {
    ...oci,
    process: {
      ...process,
      user: parts.user,
      args: skiff.init ? [initPath, ...parts.init.arguments, ...process.args] : process.args,
      env: skiff.setHome ? [...process.env, `HOME=${parts.home}`] : process.env,
    },
    root: { ...oci.root, path: parts.root },
    mounts: skiff.init ? [...oci.mounts, init] : oci.mounts,
    linux: { ...oci.linux, ...(parts.seccomp === undefined ? {} : { seccomp: parts.seccomp }) },
  };
};
