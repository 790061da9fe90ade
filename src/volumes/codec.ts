/** `volumes/NAME/volume.json`: how a record is written and read back. Pure. */
import * as t from 'io-ts';
import { isLeft } from 'fp-ts/Either';
import { fail } from '../core/errors.ts';
import { isVolumeName } from '../core/volume-name.ts';
import type { Volume } from './types.ts';

const dictionary = t.record(t.string, t.string);

const volumeCodec = t.type({
  version: t.literal(1),
  name: t.refinement(t.string, isVolumeName, 'name'),
  driver: t.refinement(t.string, (text) => /^[a-zA-Z0-9][a-zA-Z0-9_.:/-]*$/.test(text), 'driver'),
  options: dictionary,
  labels: dictionary,
  createdAt: t.refinement(t.string, (text) => !Number.isNaN(Date.parse(text)), 'date'),
  anonymous: t.boolean,
});

/** The text of the file at `path` as a volume called `name`. Throws Corrupt naming the path. */
export const decodeVolume = (text: string, path: string, name: string): Volume => {
  const corrupt = (reason: string): never => fail({ _tag: 'Corrupt', subject: path, reason, hint: 'what the volume holds is beside it, in _data' });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return corrupt('it is not JSON');
  }
  const decoded = volumeCodec.decode(value);
  if (isLeft(decoded)) {
    const keys = decoded.left[0]?.context.map(({ key }) => key).filter((key) => key !== '' && !/^\d+$/.test(key)) ?? [];
    return corrupt(keys.length === 0 ? 'it is not an object' : `the value of ${keys.join('.')} does not fit`);
  }
  const { version: _, ...volume } = decoded.right;
  return volume.name === name ? volume : corrupt(`it is the record of volume ${volume.name}`);
};

/** The record as the text of a file. */
export const encodeVolume = (volume: Volume): string => `${JSON.stringify({ version: 1, ...volume })}\n`;
