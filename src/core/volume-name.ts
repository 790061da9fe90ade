/** Names of volumes. Pure. */
import { usage } from './invalid.ts';

/** A name is the name of a directory too; Docker wants two characters at least (moby volume/names). */
export const isVolumeName = (text: string): boolean => /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/.test(text);

/** The name of a new volume; throws Usage in Docker's words. */
export const checkVolumeName = (text: string): string => {
  if (isVolumeName(text)) return text;
  const hint = 'if you intended to pass a host directory, use an absolute path';
  if (text.length > 255) return usage(`volume name is too long: a name may have 255 characters, not ${text.length}`);
  if (text.length === 1 && /^[a-zA-Z0-9]$/.test(text)) return usage(`volume name is too short, names should be at least two alphanumeric characters`);
  return usage(`"${text}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed`, hint);
};
