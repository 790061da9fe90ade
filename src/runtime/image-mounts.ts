/** `--mount type=image`: what the helpers do to have an image ready for a container that is made from another one. */
import { need } from '../core/invalid.ts';
import { imagePoints } from '../core/mount-points.ts';
import { imageShift } from './root-filesystem.ts';
import type { PlanRecord } from '../core/plan-record.ts';
import type { StorageDriver } from '../storage/driver.ts';
import type { Host } from '../system/host.ts';
import type { SkiffSpec } from './spec-types.ts';

/** Records of the launch plan, one for each place. Throws Refused for what the storage driver cannot join. */
export const imageMountRecords = (host: Host, skiff: SkiffSpec, driver: StorageDriver): readonly PlanRecord[] =>
  imagePoints(skiff.mountPoints).map(({ image, source, stage, subpath }): PlanRecord => {
    const step = need(driver.planLowers({ lowers: image.layers.toReversed(), ...imageShift(host, skiff) }));
    return ['image-mount', image.reference, source, subpath ?? '', stage ?? '', ...step];
  });
