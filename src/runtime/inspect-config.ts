/** The `Config` of a container's `inspect`, with the members of Docker's Go type in its order. Pure. */
import { goMap, goStruct } from '../images/inspect-config.ts';
import { inspectedHealthcheck } from '../images/inspect-healthcheck.ts';
import type { OciSpec } from '../core/oci-runtime.ts';
import { volumePoints } from '../core/mount-points.ts';
import type { SkiffSpec } from './spec-types.ts';

const orNull = (words: readonly string[]): readonly string[] | null => (words.length === 0 ? null : words);

/** What Skiff sets by itself in every container, which Docker does not count as configured either. */
const isOwn = (line: string, spec: SkiffSpec): boolean => line === `HOSTNAME=${spec.hostname}` || (spec.tty && line === 'TERM=xterm');

/** A container's environment but for what Skiff adds to every one. */
export const configuredEnvironment = (spec: SkiffSpec, oci: OciSpec): readonly string[] => oci.process.env.filter((line) => !isOwn(line, spec));

/** Seconds after which Docker and Skiff kill, where nobody said otherwise. */
const defaultStopTimeout = 10;

const portMap = (names: readonly string[], value: object | null): ReadonlyMap<string, object | null> => goMap(Object.fromEntries(names.map((name) => [name, value])));

/** Places of volumes that nobody named: those of the image and of `-v CONTAINER`. */
const volumesOf = ({ mountPoints }: SkiffSpec): object | null => {
  const places = volumePoints(mountPoints).filter(({ anonymous, make }) => anonymous === true && make !== undefined).map(({ destination }) => destination);
  return places.length === 0 ? null : goMap(Object.fromEntries(places.map((place) => [place, {}])));
};

/** What a container is made to run. */
export const inspectedContainerConfig = (spec: SkiffSpec, oci: OciSpec): object => {
  const split = spec.entrypointLength ?? 0;
  return goStruct(
    {
      Hostname: spec.hostname,
      Domainname: spec.domainname ?? '',
      User: spec.user.text,
      AttachStdin: spec.attach.stdin,
      AttachStdout: spec.attach.stdout,
      AttachStderr: spec.attach.stderr,
      ExposedPorts: spec.exposed === undefined ? null : portMap(spec.exposed, {}),
      Tty: spec.tty,
      OpenStdin: spec.openStdin,
      StdinOnce: spec.openStdin && spec.attach.stdin,
      Env: configuredEnvironment(spec, oci),
      Cmd: orNull(spec.args.slice(split)),
      Healthcheck: inspectedHealthcheck(spec.healthcheck),
      ArgsEscaped: null,
      Image: spec.image?.reference ?? '',
      Volumes: volumesOf(spec),
      WorkingDir: oci.process.cwd,
      Entrypoint: orNull(spec.args.slice(0, split)),
      OnBuild: null,
      Labels: goMap(spec.labels),
      StopSignal: spec.stopSignal.name,
      StopTimeout: spec.stopTimeout === defaultStopTimeout ? null : spec.stopTimeout,
      Shell: null,
    },
    ['ExposedPorts', 'Healthcheck', 'ArgsEscaped', 'StopTimeout', 'Shell'],
  );
};
