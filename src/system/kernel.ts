/** Facts about the running kernel. */
import { readFileSync } from 'node:fs';

/** The bits of all capabilities that the running kernel knows, capabilities(7), /proc/sys/kernel/cap_last_cap. */
export const capabilityLimit = (): bigint => (1n << BigInt(Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'latin1')) + 1)) - 1n;
