/** What a volume is: the nouns of this folder. */

/** A volume, as it is kept in `volumes/NAME/volume.json`. */
export interface Volume {
  /** The directory's name too. */
  readonly name: string;
  /** `local`, `fuse`, or a volume plugin's name. */
  readonly driver: string;
  /** Options of the driver, as given. */
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly createdAt: string;
  /** Made for one container that gave no name; goes with it where `--rm` or `rm -v` says so. */
  readonly anonymous: boolean;
}

/** The label that Docker gives to anonymous volumes, and by which `volume prune` knows them (moby volume/service/service.go). */
export const anonymousLabel = 'com.docker.volume.anonymous';
