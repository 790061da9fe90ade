/** Names of networks. Pure. */
import { fail } from '../core/errors.ts';
import { usage } from '../core/invalid.ts';
import { isPredefined } from './predefined.ts';

/** A name is the name of a file too. */
export const isNetworkName = (text: string): boolean => /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/.test(text);

/** Words of `--network` that mean something else. */
const reserved: readonly string[] = ['default', 'container', 'slirp4netns', 'nat', 'private'];

/** The name of a new network; throws Usage, or Refused for one of the predefined. */
export const checkNewName = (text: string): string => {
  if (isPredefined(text)) return fail({ _tag: 'Refused', message: `operation is not permitted on predefined ${text} network`, hint: 'choose another name' });
  if (reserved.includes(text)) return usage(`invalid network name '${text}': --network ${text} means something else`, 'choose another name');
  if (isNetworkName(text)) return text;
  return usage(`invalid network name '${text}'`, "use up to 128 letters, digits, '_', '.' or '-', beginning with a letter or digit");
};
