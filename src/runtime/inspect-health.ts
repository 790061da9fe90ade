/** The `Health` of a container's state, as its monitor has written it down in health.json. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as t from 'io-ts';
import { isLeft } from 'fp-ts/Either';
import { fail } from '../core/errors.ts';
import type { Container } from './records.ts';

const healthCodec = t.type({
  Status: t.union([t.literal('starting'), t.literal('healthy'), t.literal('unhealthy')]),
  FailingStreak: t.number,
  Log: t.array(t.type({ Start: t.string, End: t.string, ExitCode: t.number, Output: t.string })),
});

const decode = (text: string, path: string): t.TypeOf<typeof healthCodec> => {
  const damaged = (reason: string): never => fail({ _tag: 'Corrupt', subject: path, reason });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return damaged('it is not JSON');
  }
  const decoded = healthCodec.decode(value);
  return isLeft(decoded) ? damaged('it is not the health of a container') : decoded.right;
};

/**
 * What Docker shows of a container's health: its status, failures in a row and the last results; null where it has no check or was never started.
 * Of one whose monitor was killed the status is that of every container that has ended. Throws Corrupt.
 */
export const inspectedHealth = ({ directory, state }: Container): object | null => {
  if (state.health === undefined) return null;
  const path = join(directory, 'health.json');
  try {
    return { ...decode(readFileSync(path, 'utf8'), path), Status: state.health };
  } catch (error) {
    // A container that is being removed, or one that another Skiff has started.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { Status: state.health, FailingStreak: 0, Log: [] };
  }
};
