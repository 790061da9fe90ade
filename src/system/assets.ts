/** The C helpers inside the single executable. The build hands them over as a global before `main` runs. */

/** One helper program. */
export interface Asset {
  /** A path inside the executable: readable with `node:fs`, unknown to the kernel. */
  readonly path: string;
  /** Hex SHA-256 of its bytes. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

export type Assets = Readonly<Record<string, Asset>>;

/** The helpers by name, or undefined where they are files beside the program (`dist/skiff.cjs`, tests). */
export const embeddedAssets = (): Assets | undefined => (globalThis as { __skiffAssets?: Assets }).__skiffAssets;
