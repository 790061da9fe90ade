/** What the built-in image is known by. */
import { createHash } from 'node:crypto';

/** The built-in image's name in full. */
export const helloName = 'docker.io/library/hello:latest';

/** The label that tells the built-in image from one that a user calls `hello`: the sha256 of the program in it, in hexadecimal. */
export const builtinLabel = 'skiff.builtin';

/** The label's value for `program`. */
export const programLabel = (program: Uint8Array): string => createHash('sha256').update(program).digest('hex');
