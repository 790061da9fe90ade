/** A container's limits, held against this machine. Loaded only where there are some. */
import { statSync } from 'node:fs';
import { fail } from '../core/errors.ts';
import { usage } from '../core/invalid.ts';
import { ociResources } from '../core/cgroup-values.ts';
import { checkLimits, completeLimits, parseLimits, withoutUnlimited } from '../core/limits.ts';
import { readOptional } from '../system/read-optional.ts';
import type { LimitFacts, LimitFlags, Limits } from '../core/limits.ts';
import type { ContainerSpec } from './spec-types.ts';

/** The numbers of the processors and memory nodes that are switched on. */
export const limitFacts = (): LimitFacts => ({
  processors: readOptional('/sys/devices/system/cpu/online').trim() || '0',
  memoryNodes: readOptional('/sys/devices/system/node/online').trim() || '0',
});

/** `major:minor` of a block device, as the kernel's `dev_t` is laid out for stat(2). Throws NotFound, Usage. */
export const deviceNumber = (path: string): string => {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return fail({ _tag: 'NotFound', kind: 'device', name: path });
  if (!stat.isBlockDevice()) return usage(`${path} is not a block device`, 'limits of disks are for whole disks, such as /dev/sda');
  const device = BigInt(stat.rdev);
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  return `${major}:${minor}`;
};

/** The specification with these limits, which config.json then has too; the same one where there are none. */
export const withLimitValues = (spec: ContainerSpec, limits: Limits): ContainerSpec => {
  const { limits: _, ...skiff } = spec.skiff;
  const { resources: __, ...linux } = spec.oci.linux;
  if (Object.keys(limits).length === 0) return { ...spec, skiff, oci: { ...spec.oci, linux } };
  return { ...spec, skiff: { ...skiff, limits }, oci: { ...spec.oci, linux: { ...linux, resources: ociResources(limits, deviceNumber) } } };
};

/** The specification with the limits of the command line. Throws Usage, NotFound. */
export const withLimits = (spec: ContainerSpec, flags: LimitFlags): ContainerSpec => {
  const limits = parseLimits(flags);
  checkLimits(limits, limitFacts());
  return withLimitValues(spec, completeLimits(withoutUnlimited(limits)));
};
