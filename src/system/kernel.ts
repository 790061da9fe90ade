/** Facts about the running kernel. */
import { readFileSync } from 'node:fs';

/** The bits of all capabilities that the running kernel knows, capabilities(7), /proc/sys/kernel/cap_last_cap. */
export const capabilityLimit = (): bigint => (1n << BigInt(Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'latin1')) + 1)) - 1n;

let boot: string | undefined;

/** Another text after each boot, random(4). */
export const bootId = (): string => (boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
