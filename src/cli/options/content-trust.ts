import type { Flag } from './table.ts';

/** Docker's flag for its signatures, Notary's. */
export const disableContentTrust = {
  name: 'disable-content-trust',
  kind: 'bool',
  help: 'Do not ask for signatures; false is refused',
  default: 'true',
} as const satisfies Flag;
