/**
 * The index in the form in which `layout.ts` writes it, taken apart by that form instead of by JSON and io-ts: for two hundred images these cost more than
 * all else that a listing does. Whatever differs in a byte is not for here. Pure.
 */
import type { Descriptor } from '../core/oci-image.ts';
import { mediaTypes } from '../core/oci-image.ts';
import type { Digest } from '../core/digest.ts';

/** What a line says: `Entry` of `layout.ts`. */
interface Line {
  name?: string;
  id: Digest;
  created: number;
  size: number;
  descriptor: Descriptor;
  remoteDigest?: Digest;
}

const text = String.raw`"([^"\\\x00-\x1f]*)"`;
const digest = '"(sha256:[0-9a-f]{64})"';
// Fifteen digits are always a safe integer.
const count = '(0|[1-9][0-9]{0,14})';
const platform = `"platform":\\{"os":${text},"architecture":${text}(?:,"variant":${text})?\\}`;

const head = `{"schemaVersion":2,"mediaType":"${mediaTypes.ociIndex}","manifests":[`;
const tail = ']}\n';

const lineForm = new RegExp(
  String.raw`\{"mediaType":${text},"digest":${digest},"size":${count},(?:${platform},)?"annotations":\{(?:"org\.opencontainers\.image\.ref\.name":${text},)?` +
    String.raw`"skiff\.image\.id":${digest},"skiff\.image\.created":"${count}","skiff\.image\.size":"${count}"(?:,"skiff\.image\.remote":${digest})?\}\}`,
  'y',
);

const platformOf = (os: string, architecture: string, variant: string | undefined): Pick<Descriptor, 'platform'> => ({
  platform: variant === undefined ? { os, architecture } : { os, architecture, variant },
});

const linesFrom = (index: string): readonly Line[] | undefined => {
  const lines: Line[] = [];
  for (let at = head.length; ; at = lineForm.lastIndex + 1) {
    lineForm.lastIndex = at;
    const match = lineForm.exec(index);
    if (match === null) return undefined;
    const [, mediaType = '', blob, bytes, os, architecture = '', variant, name, id, created, size, remote] = match;
    const descriptor = { mediaType, digest: blob as Digest, size: Number(bytes) };
    const line: Line = { id: id as Digest, created: Number(created), size: Number(size), descriptor: os === undefined ? descriptor : { ...descriptor, ...platformOf(os, architecture, variant) } };
    if (name !== undefined) line.name = name;
    if (remote !== undefined) line.remoteDigest = remote as Digest;
    lines.push(line);
    if (index[lineForm.lastIndex] !== ',') return index.slice(lineForm.lastIndex) === tail ? lines : undefined;
  }
};

/** The lines of `index`, the text of an index.json; undefined where it has another form and has to be decoded. */
export const readOwnIndex = (index: string): readonly Readonly<Line>[] | undefined => (index.startsWith(head) ? linesFrom(index) : undefined);
