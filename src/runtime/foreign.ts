/** `--runtime`: the records that hand a container to another OCI runtime. */
import { release } from 'node:os';
import { join } from 'node:path';
import { fail } from '../core/errors.ts';
import { encodeOciSpec } from '../core/oci-runtime.ts';
import { findProgram } from '../system/programs.ts';
import { defaultProfile } from './seccomp-profile.ts';
import { readProfile } from './seccomp-decode.ts';
import { ociSeccomp } from './seccomp-oci.ts';
import { completeForRuntime } from './spec-foreign.ts';
import type { OciSpec } from '../core/oci-runtime.ts';
import type { PlanRecord } from '../core/plan-record.ts';
import type { SeccompArch } from './seccomp.ts';
import type { SkiffSpec } from './spec-types.ts';

/** Where the runtime keeps its own state of the container. */
export const foreignStateDirectory = (directory: string): string => join(directory, 'oci');

const programOf = (env: NodeJS.ProcessEnv, name: string): string => {
  const program = name.startsWith('/') ? name : findProgram(env, name);
  return program ?? fail({ _tag: 'NotFound', kind: 'program', name, hint: '--runtime takes the name or absolute path of an OCI runtime such as crun or runc' });
};

const refuseBeyond = (oci: OciSpec, skiff: SkiffSpec): void => {
  const shared = oci.linux.namespaces.some(({ path }) => path !== undefined);
  if (shared) fail({ _tag: 'Refused', message: '--runtime does not go with namespaces of another container', hint: 'leave --runtime out' });
  if (skiff.network.mode === 'slirp4netns' || skiff.network.mode === 'networks') {
    fail({ _tag: 'Refused', message: '--runtime goes with no other network than none and host: the runtime makes the network namespace too late for them', hint: 'use --network none or host' });
  }
};

const seccompOf = (oci: OciSpec, skiff: SkiffSpec): { readonly seccomp?: unknown } => {
  if (skiff.seccomp.kind === 'unconfined') return {};
  const arch: SeccompArch = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const profile = skiff.seccomp.kind === 'file' ? readProfile(skiff.seccomp.path, arch) : defaultProfile;
  return { seccomp: ociSeccomp(profile, { arch, kernel: release(), capabilities: oci.process.capabilities.bounding }) };
};

/** Ids that no container has stand for those that the helper looks up in the mounted image. */
const unknownUser = { uid: 4294967295, gid: 4294967295 };

/**
 * The records `runtime` and `bundle`. The runtime runs as root of the container's user namespace, so its config has neither that
 * namespace nor maps. Throws NotFound without the program, Refused for what only our own sandbox can do.
 */
export const foreignRecords = (env: NodeJS.ProcessEnv, oci: OciSpec, skiff: SkiffSpec, directory: string): readonly PlanRecord[] => {
  refuseBeyond(oci, skiff);
  const program = programOf(env, skiff.runtime ?? '');
  const home = `skiff-home-${skiff.id}`;
  const init = { program: join(directory, 'init'), arguments: ['init', '--'] };
  const complete = completeForRuntime(oci, skiff, { user: unknownUser, home, ...seccompOf(oci, skiff), init, root: join(directory, 'merged') });
  // The runtime is in the container's cgroup from its first moment; it could not make another one, and without resources it does not try.
  const { uidMappings: _uids, gidMappings: _gids, resources: _resources, ...linux } = complete.linux;
  const text = encodeOciSpec({ ...complete, linux: { ...linux, namespaces: linux.namespaces.filter(({ type }) => type !== 'user') } });
  const [before = '', rest = ''] = text.split(JSON.stringify(unknownUser));
  const [between = '', after = ''] = rest.split(home);
  const state = foreignStateDirectory(directory);
  return [
    ['between', state],
    ['runtime', program, '--root', state, 'run', '--bundle', directory, skiff.id],
    ['bundle', join(directory, 'config.json'), before, between, after],
  ];
};
