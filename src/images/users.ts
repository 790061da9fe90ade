/** Who uses images, as the runtime tells it: this folder may not know containers. */
import type { Digest } from '../core/digest.ts';

/** A container as far as the store cares. */
export interface ImageUser {
  readonly id: string;
  /** The image it was made from; absent for one with a root file system of its own. */
  readonly image?: Digest;
  /** Images that it has mounted besides. */
  readonly mounted: readonly Digest[];
  /** Diff ids of the layers that its root file system and what it has mounted are made of. */
  readonly layers: readonly Digest[];
  /** Whether it runs or is about to. */
  readonly running: boolean;
}

/** The images that it needs. */
export const imagesOf = ({ image, mounted }: ImageUser): readonly Digest[] => (image === undefined ? mounted : [image, ...mounted]);

export interface ImageUsers {
  readonly users: readonly ImageUser[];
  /** One sentence for each container that may use layers nobody can name; no layer may be deleted then. */
  readonly doubts: readonly string[];
}

/** Asked anew each time: containers come and go without a lock. */
export type ReadImageUsers = () => ImageUsers;
