/** `skiff inspect` of a container: all that is known of it, in the form of Docker's API. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as TE from 'fp-ts/TaskEither';
import { fail, toSkiffError } from '../core/errors.ts';
import type { SkiffError } from '../core/errors.ts';
import { need } from '../core/invalid.ts';
import { isRemote } from '../core/log-options.ts';
import { hasLinks } from '../core/network-mode.ts';
import type { OciSpec } from '../core/oci-runtime.ts';
import { goMap, goStruct } from '../images/inspect-config.ts';
import { readEndpoints } from './endpoints-file.ts';
import { etcDirectory } from './etc-files.ts';
import { inspectedContainerConfig } from './inspect-config.ts';
import { inspectedHealth } from './inspect-health.ts';
import { inspectedHostConfig } from './inspect-host-config.ts';
import { inspectedMounts } from './inspect-mounts.ts';
import { inspectedNetwork } from './inspect-network.ts';
import { findContainer, statusWord } from './records.ts';
import type { Endpoint } from '../network/types.ts';
import type { Container } from './records.ts';
import { decodeOciSpec } from './spec-codec.ts';
import type { SkiffSpec } from './spec-types.ts';
import type { Surroundings } from './surroundings.ts';

const stateOf = (container: Container): object => {
  const { state } = container;
  const status = statusWord(state);
  const members = {
    Status: status,
    Running: state.status === 'running',
    Paused: status === 'paused',
    Restarting: status === 'restarting',
    OOMKilled: state.oomKilled ?? false,
    Dead: false,
    Pid: state.pid,
    ExitCode: state.exitCode,
    Error: state.error ?? '',
    StartedAt: state.startedAt,
    FinishedAt: state.finishedAt,
    Health: inspectedHealth(container),
  };
  return goStruct(members, ['Health']);
};

/** The directories that the root file system is made of; `MergedDir` is mounted in the container's own mount namespace only. */
const graphDriverOf = (spec: SkiffSpec, directory: string): object => {
  const lowers = spec.rootfs.kind === 'image' ? spec.rootfs.layers.toReversed() : [spec.rootfs.path];
  const data = { LowerDir: lowers.join(':'), MergedDir: join(directory, 'merged'), UpperDir: join(directory, 'upper'), WorkDir: join(directory, 'work') };
  return { Data: goMap(data), Name: spec.storageDriver };
};

/** The container's config.json. Throws NotFound where the container has just gone, Corrupt. */
export const readOci = ({ directory, id }: Container): OciSpec => {
  const path = join(directory, 'config.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return fail({ _tag: 'NotFound', kind: 'container', name: id });
  }
  return need(decodeOciSpec(text, path));
};

export interface Sizes {
  /** Bytes: of what was written, and of all that `/` is made of. */
  readonly SizeRw: number | null;
  readonly SizeRootFs: number | null;
}

const sizesOf = async (surroundings: Surroundings, container: Container): Promise<Sizes> => {
  const { containerSizes } = await import('./container-sizes.ts');
  const size = (await containerSizes(surroundings, [container])).get(container.id);
  return { SizeRw: size?.written ?? 0, SizeRootFs: size?.whole ?? 0 };
};

/** All members of Docker's answer, in its order. Exported for its test. */
export const inspected = (container: Container, oci: OciSpec, sizes: Sizes, endpoints: readonly Endpoint[] = [], links: readonly string[] = []): object => {
  const { id, directory, spec, state } = container;
  return goStruct(
    {
      Id: id,
      Created: spec.created,
      Path: spec.args[0] ?? '',
      Args: spec.args.slice(1),
      State: stateOf(container),
      Image: spec.image?.id ?? '',
      ResolvConfPath: join(etcDirectory(container), 'resolv.conf'),
      HostnamePath: join(etcDirectory(container), 'hostname'),
      HostsPath: join(etcDirectory(container), 'hosts'),
      LogPath: spec.log.driver === 'none' || isRemote(spec.log.driver) ? '' : join(directory, 'container-json.log'),
      Name: `/${spec.name}`,
      RestartCount: state.restartCount ?? 0,
      Driver: spec.storageDriver,
      Platform: 'linux',
      MountLabel: '',
      ProcessLabel: '',
      AppArmorProfile: '',
      ExecIDs: null,
      HostConfig: inspectedHostConfig(spec, oci, links),
      GraphDriver: graphDriverOf(spec, directory),
      ...sizes,
      Mounts: inspectedMounts(spec.mountPoints),
      Config: inspectedContainerConfig(spec, oci),
      NetworkSettings: inspectedNetwork(spec, state, endpoints),
    },
    ['SizeRw', 'SizeRootFs'],
  );
};

/**
 * The container that `word` (name, id or beginning of one) means: plain data for a Go template, with `Map` for Go's maps; members that
 * Docker omits while they are empty are not enumerable. `size` counts its bytes, which takes a look at every file that it has written.
 * Errors: NotFound, Usage (an ambiguous beginning), Corrupt, and with `size` Missing (find).
 */
export const inspectContainer = (surroundings: Surroundings, word: string, size: boolean): TE.TaskEither<SkiffError, object> =>
  TE.tryCatch(async () => {
    const container = findContainer(surroundings.paths, word);
    const oci = readOci(container);
    const sizes = size ? await sizesOf(surroundings, container) : { SizeRw: null, SizeRootFs: null };
    const { directory, spec } = container;
    const links = hasLinks(spec.networks) ? (await import('./link-targets.ts')).linkTexts(surroundings.paths, spec) : [];
    return inspected(container, oci, sizes, spec.network.mode === 'networks' ? readEndpoints(directory) : [], links);
  }, toSkiffError('inspect', `container ${word}`));
