import { fail } from '../core/errors.ts';
import { parsePlatform } from '../images/platform.ts';
import type { Platform } from '../images/platform.ts';

/** `--platform` as a property to spread; nothing where it was not given. Throws SkiffFailure(Usage) for what is no platform. */
export const platformFlag = (text: string | undefined): { readonly platform?: Platform } => {
  if (text === undefined) return {};
  const platform = parsePlatform(text);
  return '_tag' in platform ? fail(platform) : { platform };
};
