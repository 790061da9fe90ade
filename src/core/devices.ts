/** `--device HOST[:CONTAINER][:PERMISSIONS]`. */
import { attempt, refuse, usage } from './invalid.ts';
import { cleanPath, parseTarget } from './mounts.ts';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from './errors.ts';

export interface DeviceRequest {
  readonly typed: string;
  /** Absolute and clean. */
  readonly source: string;
  readonly target: string;
}

const isPermissions = (text: string): boolean => /^[rwm]{1,3}$/.test(text) && new Set(text).size === text.length;

/**
 * One `--device` value. Only reading and writing together can be had: device cgroup rules need root, and mknod(2) never
 * works in a user namespace, so `rw` and `rwm` hold and anything narrower is refused.
 */
export const parseDevice = (text: string): Either<SkiffError, DeviceRequest> =>
  attempt(() => {
    const [source = '', second, third, ...rest] = text.split(':');
    const form = 'write --device /dev/NAME[:/dev/NAME][:rwm]';
    if (rest.length > 0 || !source.startsWith('/') || source.includes('\0')) return usage(`invalid --device '${text}'`, form);
    const target = second === undefined || (third === undefined && isPermissions(second)) ? source : second;
    const permissions = third ?? (second !== undefined && second !== target ? second : 'rwm');
    if (!isPermissions(permissions)) return usage(`invalid --device '${text}': '${permissions}' are no permissions`, form);
    if (!permissions.includes('r') || !permissions.includes('w')) {
      return refuse(`--device ${text}: '${permissions}' alone cannot be enforced without root`, "use rwm, and the device's own file mode to limit it");
    }
    return { typed: text, source: cleanPath(source), target: parseTarget(target, text) };
  });
