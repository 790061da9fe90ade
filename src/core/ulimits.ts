/** `--ulimit NAME=SOFT[:HARD]` (go-units ulimit.go; getrlimit(2)). */
import { attempt, refuse, usage } from './invalid.ts';
import { wordHint } from './nearest.ts';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from './errors.ts';

export const ulimitNames = [
  'core', 'cpu', 'data', 'fsize', 'locks', 'memlock', 'msgqueue', 'nice',
  'nofile', 'nproc', 'rss', 'rtprio', 'rttime', 'sigpending', 'stack',
] as const;

export type UlimitName = (typeof ulimitNames)[number];

/** Limits in the resource's own unit; Infinity is RLIM_INFINITY. */
export interface Ulimit {
  readonly name: UlimitName;
  readonly soft: number;
  readonly hard: number;
}

const parseValue = (text: string, whole: string): number => {
  if (text === '-1' || text === 'infinity' || text === 'unlimited') return Infinity;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    return usage(`invalid ulimit '${whole}': '${text}' is not a number`, 'write --ulimit nofile=1024:2048, with -1 for no limit');
  }
  return value;
};

/** One `--ulimit` value; the hard limit defaults to the soft one. */
export const parseUlimit = (text: string): Either<SkiffError, Ulimit> =>
  attempt(() => {
    const at = text.indexOf('=');
    if (at < 0) return usage(`invalid ulimit '${text}'`, 'write --ulimit NAME=SOFT[:HARD]');
    const typed = text.slice(0, at);
    const name = ulimitNames.find((known) => known === typed);
    if (name === undefined) return usage(`invalid ulimit '${text}': there is no limit '${typed}'`, wordHint(typed, ulimitNames));
    const [soft = '', hard = soft, ...rest] = text.slice(at + 1).split(':');
    if (rest.length > 0) return usage(`invalid ulimit '${text}': more than two values`, 'write --ulimit NAME=SOFT[:HARD]');
    const limit = { name, soft: parseValue(soft, text), hard: parseValue(hard, text) };
    if (limit.soft > limit.hard) return usage(`invalid ulimit '${text}': the soft limit is above the hard limit`);
    return limit;
  });

/** Refuses a hard limit above the caller's own, which only root could raise. `own` undefined: not known, the kernel will decide. */
export const checkUlimit = (limit: Ulimit, own: number | undefined): Either<SkiffError, Ulimit> =>
  attempt(() => {
    if (own === undefined || limit.hard <= own) return limit;
    const shown = limit.hard === Infinity ? 'unlimited' : String(limit.hard);
    return refuse(
      `--ulimit ${limit.name}: ${shown} is above your own hard limit ${own}, which only root can raise`,
      `ask for ${own} or less, or have it raised in /etc/security/limits.conf`,
    );
  });
