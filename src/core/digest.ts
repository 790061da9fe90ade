/**
 * Content digests in the OCI form `algorithm:hex` (OCI image spec, descriptor.md). Only sha256 is written or accepted:
 * every registry and archive in use has it, and one algorithm means one blob has one name.
 */

/** `sha256:` and 64 lower-case hexadecimal digits. */
export type Digest = `sha256:${string}`;

const form = /^sha256:[0-9a-f]{64}$/;

/** Whether `text` is a whole, canonical sha256 digest. */
export const isDigest = (text: unknown): text is Digest => typeof text === 'string' && form.test(text);

/** The 64 hexadecimal digits of `digest`: its file name under `blobs/sha256` and `layers`. */
export const digestHex = (digest: Digest): string => digest.slice('sha256:'.length);

/** The digest whose 64 hexadecimal digits are `hex`; the caller has made sure that they are. */
export const digestOfHex = (hex: string): Digest => `sha256:${hex}`;

/** The 12 hexadecimal digits that Docker shows for an id. */
export const shortId = (digest: Digest): string => digest.slice('sha256:'.length, 'sha256:'.length + 12);
