/** The process of a container: what is run, as whom, where, and with which environment and limits. */
import { fail } from '../core/errors.ts';
import { mergeEnvironment, readEnvironmentFlags } from '../core/env.ts';
import { need, refuse, usage } from '../core/invalid.ts';
import { cleanPath } from '../core/mounts.ts';
import { checkUlimit, parseUlimit } from '../core/ulimits.ts';
import { parseUser } from '../core/users.ts';
import type { OciRlimit } from '../core/oci-runtime.ts';
import type { UserSpec } from '../core/users.ts';
import type { RunFlags } from './run-flags.ts';
import type { NamespacePlan } from './spec-namespaces.ts';
import type { HostView, ImageConfigView } from './spec-types.ts';

/** Docker's PATH on Linux. */
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The entry point's words: `--entrypoint`, of which the empty one clears the image's, or the image's. */
export const entrypointOf = (image: ImageConfigView | undefined, { entrypoint }: RunFlags): readonly string[] =>
  entrypoint === undefined ? (image?.config.Entrypoint ?? []) : [entrypoint].filter((word) => word !== '');

/** Entry point and arguments: `--entrypoint` drops both of the image's, a command drops its CMD. The result has at least one word. */
export const commandOf = (image: ImageConfigView | undefined, flags: RunFlags): readonly string[] => {
  const { entrypoint, command } = flags;
  const rest = command.length > 0 || entrypoint !== undefined ? command : (image?.config.Cmd ?? []);
  const args = [...entrypointOf(image, flags), ...rest];
  if (args.length === 0) {
    return usage('no command specified', image === undefined ? 'write it after the flags' : `write it after the image: skiff run ${image.reference} COMMAND`);
  }
  if (args.some((word) => word.includes('\0'))) {
    return fail({ _tag: 'Corrupt', subject: image?.reference ?? 'the command', reason: 'a word of its command contains a NUL' });
  }
  return args;
};

/** The environment, without HOME, which waits for the user's entry in /etc/passwd unless somebody set it. */
export const environmentOf = (image: ImageConfigView | undefined, flags: RunFlags, host: HostView, hostname: string): readonly string[] => {
  const inherited = image?.config.Env ?? [];
  if (inherited.some((line) => line.includes('\0') || line.startsWith('='))) {
    return fail({ _tag: 'Corrupt', subject: image?.reference ?? '', reason: 'its environment has a variable that cannot be set' });
  }
  const user = need(readEnvironmentFlags(flags.envFile ?? [], flags.env ?? [], host.env));
  const defaults = [
    { name: 'PATH', value: defaultPath },
    { name: 'HOSTNAME', value: hostname },
    ...(flags.tty === true ? [{ name: 'TERM', value: 'xterm' }] : []),
  ];
  return mergeEnvironment(defaults, inherited, user);
};

/** The working directory, clean; `--workdir` must be absolute. */
export const directoryOf = (image: ImageConfigView | undefined, flags: RunFlags): string => {
  const { workdir } = flags;
  const inherited = image?.config.WorkingDir ?? '/';
  if (inherited.includes('\0')) return fail({ _tag: 'Corrupt', subject: image?.reference ?? '', reason: 'its working directory contains a NUL' });
  if (workdir === undefined || workdir === '') return cleanPath(inherited);
  if (!workdir.startsWith('/') || workdir.includes('\0')) return usage(`invalid --workdir '${workdir}': the working directory must be an absolute path`);
  return cleanPath(workdir);
};

/** `--user`, else with keep-id the caller's own id, else the image's user. */
export const userOf = (image: ImageConfigView | undefined, flags: RunFlags, plan: NamespacePlan): UserSpec => {
  if (flags.user !== undefined && flags.user !== '') return need(parseUser(flags.user));
  if (plan.userns.mode === 'keep-id') return need(parseUser(`${plan.userns.uid}:${plan.userns.gid}`));
  return need(parseUser(image?.config.User ?? '', `user of image ${image?.reference ?? ''}`));
};

/** `--ulimit`s, the last one of each name; none may go beyond the caller's own. */
export const limitsOf = (flags: RunFlags, host: HostView): readonly OciRlimit[] => {
  const limits = new Map<string, OciRlimit>();
  for (const text of flags.ulimit ?? []) {
    const parsed = need(parseUlimit(text));
    const { name, soft, hard } = need(checkUlimit(parsed, host.hardLimit(parsed.name)));
    limits.set(name, { type: `RLIMIT_${name.toUpperCase()}`, soft, hard });
  }
  return [...limits.values()];
};

/** `--oom-score-adj`, -1000 to 1000; below the caller's own (or 0) only root may go (proc(5)). */
export const oomScoreOf = (flags: RunFlags, host: HostView): number | undefined => {
  if (flags.oomScoreAdj === undefined) return undefined;
  const score = Number(flags.oomScoreAdj);
  if (!/^[+-]?\d+$/.test(String(flags.oomScoreAdj)) || Math.abs(score) > 1000) {
    return usage(`invalid --oom-score-adj '${flags.oomScoreAdj}'`, 'give a number from -1000 to 1000');
  }
  if (score < Math.min(0, host.oomScoreAdj())) {
    return refuse(`--oom-score-adj ${score}: only root may make a process less likely to be killed`, 'give 0 or more');
  }
  return score;
};
