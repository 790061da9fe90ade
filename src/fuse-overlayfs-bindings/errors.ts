/** Everything that can go wrong in this package, as one closed union, and how it reads. */

export type FuseOverlayError =
  /** A path or value that cannot be given to fuse-overlayfs. */
  | { readonly _tag: 'InvalidOption'; readonly option: string; readonly value: string; readonly reason: string }
  /** The installed version would ignore the option in silence. */
  | { readonly _tag: 'Unsupported'; readonly option: string; readonly version: string; readonly since: string }
  | { readonly _tag: 'NotInstalled'; readonly program: string }
  /** /dev/fuse is missing or not ours to open. */
  | { readonly _tag: 'NoDevice'; readonly reason: string }
  /** A program ran and did not do it; `reason` is in its own words. */
  | { readonly _tag: 'Failed'; readonly operation: string; readonly path: string; readonly reason: string };

/** The error as one line without a newline or other control characters. */
export const explain = (error: FuseOverlayError): string => sentence(error).trim().replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');

const sentence = (error: FuseOverlayError): string => {
  switch (error._tag) {
    case 'InvalidOption':
      return `${error.option} ${error.value}: ${error.reason}`;
    case 'Unsupported':
      return `${error.option} needs fuse-overlayfs ${error.since}; this is ${error.version}`;
    case 'NotInstalled':
      return `${error.program} is not installed`;
    case 'NoDevice':
      return `/dev/fuse cannot be opened: ${error.reason}`;
    case 'Failed':
      return `cannot ${error.operation} ${error.path}: ${error.reason}`;
  }
};
