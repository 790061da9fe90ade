/** The `Config` of `image inspect`, with the members of Docker's Go type in its order. Pure. */
import type { ContainerDefaults } from '../core/oci-image.ts';
import { inspectedHealthcheck } from './inspect-healthcheck.ts';

/** Go's maps, which are in the order of their keys. */
export const goMap = <A>(record: Readonly<Record<string, A>>): ReadonlyMap<string, A> =>
  new Map(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

const mapOrNull = <A>(record: Readonly<Record<string, A>> | null | undefined): ReadonlyMap<string, A> | null => (record ? goMap(record) : null);

/**
 * `fields` in one object; those of `omitted` that are null or empty are there for templates and not in JSON, as with Go's `omitempty`.
 */
export const goStruct = (fields: Readonly<Record<string, unknown>>, omitted: readonly string[]): object => {
  const result = {};
  for (const [name, value] of Object.entries(fields)) {
    const empty = value === null || value === undefined || value === '';
    Object.defineProperty(result, name, { value: value ?? null, enumerable: !(empty && omitted.includes(name)) });
  }
  return result;
};

const omitted = ['ExposedPorts', 'Healthcheck', 'ArgsEscaped', 'StopSignal', 'StopTimeout', 'Shell'];

/** What an image says about its containers, with all of Docker's members; those that only a container has are as in a new one. */
export const inspectedConfig = (config: ContainerDefaults): object =>
  goStruct(
    {
      Hostname: '',
      Domainname: '',
      User: config.User ?? '',
      AttachStdin: false,
      AttachStdout: false,
      AttachStderr: false,
      ExposedPorts: mapOrNull(config.ExposedPorts),
      Tty: false,
      OpenStdin: false,
      StdinOnce: false,
      Env: config.Env ?? null,
      Cmd: config.Cmd ?? null,
      Healthcheck: inspectedHealthcheck(config.Healthcheck),
      ArgsEscaped: null,
      Image: '',
      Volumes: mapOrNull(config.Volumes),
      WorkingDir: config.WorkingDir ?? '',
      Entrypoint: config.Entrypoint ?? null,
      OnBuild: config.OnBuild ?? null,
      Labels: mapOrNull(config.Labels),
      StopSignal: config.StopSignal ?? '',
      StopTimeout: null,
      Shell: config.Shell ?? null,
    },
    omitted,
  );
