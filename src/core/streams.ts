/** `--attach`: which of a container's streams are connected. */
import { attempt, usage } from './invalid.ts';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from './errors.ts';

export interface Streams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

const names: readonly string[] = ['stdin', 'stdout', 'stderr'];

/**
 * What `-a`, `-i` and `-d` make of it (docker/cli opts.go): without `-a` both outputs; `-i` connects the input in any case; `-d` goes with no
 * `-a` and connects nothing. Errors are Usage.
 */
export const parseStreams = (typed: readonly string[], interactive: boolean, detached: boolean): Either<SkiffError, Streams> =>
  attempt(() => {
    const wanted = typed.map((word) => word.toLowerCase());
    const at = wanted.findIndex((word) => !names.includes(word));
    if (at >= 0) return usage(`invalid --attach '${typed[at]}'`, 'use stdin, stdout or stderr');
    if (detached && wanted.length > 0) return usage('conflicting options: cannot specify both --attach and --detach');
    if (detached) return { stdin: false, stdout: false, stderr: false };
    const all = wanted.length === 0;
    return { stdin: interactive || wanted.includes('stdin'), stdout: all || wanted.includes('stdout'), stderr: all || wanted.includes('stderr') };
  });
