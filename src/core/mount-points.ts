/** What a container's record says of the mounts that somebody asked for: Docker's MountPoints. */

/** An image that a container has mounted besides its own. */
export interface MountedImage {
  /** As it was typed. */
  readonly reference: string;
  readonly id: string;
  /** Absolute directories, the lowest layer first. */
  readonly layers: readonly string[];
}

export interface MountPoint {
  readonly type: 'bind' | 'volume' | 'tmpfs' | 'image';
  /** Of a volume. */
  readonly name?: string;
  /** Of a bind, the host's path; of a volume, where its driver says that it is; of an image, where the helpers join its layers; of a tmpfs, nothing. */
  readonly source: string;
  readonly destination: string;
  /** Of a volume. */
  readonly driver?: string;
  /** Options as they were typed, or what Docker puts there. */
  readonly mode: string;
  readonly readOnly: boolean;
  readonly propagation: string;
  /** Of a volume: it is made, where it is not there, with these. */
  readonly make?: { readonly driver: string; readonly options: Readonly<Record<string, string>>; readonly labels: Readonly<Record<string, string>> };
  /** Nobody gave it a name: it goes with the last container that has it, where that goes with its volumes. */
  readonly anonymous?: boolean;
  /** An empty one gets what the image has there. */
  readonly copy?: boolean;
  /** All in it is given to the container's user. */
  readonly chown?: boolean;
  /** Of an image. */
  readonly image?: MountedImage;
  /** Path beneath the root of the volume or image. */
  readonly subpath?: string;
  /** What is bound instead of `source`: a mount that the helpers make in the container's own directory. */
  readonly stage?: string;
  /** Of a bind: how mounts below it come along, for who takes it over with --volumes-from. */
  readonly recursive?: 'enabled' | 'disabled' | 'writable' | 'readonly';
}

/** The images among them. */
export const imagePoints = (points: readonly MountPoint[] | undefined): readonly (MountPoint & { readonly image: MountedImage })[] =>
  (points ?? []).filter((point): point is MountPoint & { readonly image: MountedImage } => point.type === 'image' && point.image !== undefined);

/** The volumes among them, which have a name. */
export const volumePoints = (points: readonly MountPoint[] | undefined): readonly (MountPoint & { readonly name: string })[] =>
  (points ?? []).filter((point): point is MountPoint & { readonly name: string } => point.type === 'volume' && point.name !== undefined);
