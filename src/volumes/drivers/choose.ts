/** The driver of a volume, loaded when it is needed. */
import { fail } from '../../core/errors.ts';
import type { VolumeDriver } from '../driver.ts';

/** The driver called `name`. Throws Refused, in Docker's words, where there is none. */
export const volumeDriver = async (name: string): Promise<VolumeDriver> => {
  if (name === 'local' || name === '') return (await import('./local.ts')).localDriver;
  if (name === 'fuse') return (await import('./fuse.ts')).fuseDriver;
  return fail({ _tag: 'Refused', message: `error looking up volume plugin ${name}: plugin "${name}" not found`, hint: 'leave --driver out for a volume in your home directory' });
};
