/** `--restart NAME[:TIMES]`, Docker's restart policies. */
import { attempt, usage } from './invalid.ts';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from './errors.ts';

export const restartPolicyNames = ['no', 'on-failure', 'always', 'unless-stopped'] as const;

/** The members are named as in Docker's API. */
export interface RestartPolicy {
  readonly name: (typeof restartPolicyNames)[number];
  /** How often `on-failure` tries; 0 for ever. 0 for the others. */
  readonly maximumRetryCount: number;
}

/** Whether `skiff system boot` may start a container with this policy: Docker's documentation of restart policies. */
export const survivesReboot = (policy: RestartPolicy | undefined): boolean => policy?.name === 'always' || policy?.name === 'unless-stopped';

export const noRestart: RestartPolicy = { name: 'no', maximumRetryCount: 0 };

const timesOf = (name: string, text: string): number => {
  if (!/^[+-]?\d{1,9}$/.test(text)) return usage(`invalid restart policy format: maximum retry count must be an integer, not '${text}'`, 'write --restart on-failure:5');
  const times = Number(text);
  if (times < 0) return usage('invalid restart policy: maximum retry count cannot be negative', 'write --restart on-failure:5');
  if (times > 0 && name !== 'on-failure') return usage(`invalid restart policy: maximum retry count cannot be used with '${name}'`, 'only on-failure takes one');
  return times;
};

/** One `--restart` value; the empty text is `no`, as in Docker. */
export const parseRestartPolicy = (text: string): Either<SkiffError, RestartPolicy> =>
  attempt(() => {
    const [typed = '', times, ...rest] = text.split(':');
    if (typed === '' && times === undefined) return noRestart;
    const name = restartPolicyNames.find((known) => known === typed);
    if (name === undefined || rest.length > 0) return usage(`invalid restart policy '${text}'`, "use 'no', 'always', 'unless-stopped' or 'on-failure[:TIMES]'");
    return { name, maximumRetryCount: times === undefined ? 0 : timesOf(name, times) };
  });
