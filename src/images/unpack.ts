/** One layer's tar through `skiff-tree apply` into a new directory, checked against what its image promises. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Digest } from '../core/digest.ts';
import { isDigest } from '../core/digest.ts';
import { fail } from '../core/errors.ts';
import { helperPath, inUserNamespace } from '../system/helper.ts';
import type { Host } from '../system/host.ts';
import type { Paths } from '../system/paths.ts';
import { layerRecordOf } from './layer-files.ts';
import type { Layer } from './layer-files.ts';
import { checkOutcome, outcomeOf } from './program.ts';

/** What is promised of a layer's tar, plain or compressed. */
export interface LayerPromise {
  /** Digest and size in bytes of the blob as it is. */
  readonly digest: Digest;
  readonly size: number;
  /** What the configuration promises; undefined where the configuration is still to be written (import). */
  readonly diffId?: Digest;
  /** The layer as the user knows it, for errors. */
  readonly subject: string;
}

/** The layer's file, open for reading at its start. */
export interface LayerInput {
  readonly fd: number;
  /** Set where the file is still growing to the size that was promised. Rejects when it will not, with the reason. */
  readonly growing?: Promise<void>;
}

const gibibyte = 1024 ** 3;

/** A tar that unpacks to more than this is a bomb: real layers stay far below 100 times their compressed size. */
const bytesAllowed = (size: number): number => Math.max(16 * gibibyte, 100 * size);

const maximumEntries = 10_000_000;

/** The lines that `skiff-tree apply` prints, by their first word. */
const parseReport = (text: string): ReadonlyMap<string, readonly string[]> =>
  new Map(text.split('\n').map((line) => {
    const [key = '', ...values] = line.split(' ');
    return [key, values] as const;
  }));

const checkDigests = (layer: LayerPromise, blob: string | undefined, diffId: string | undefined): Digest => {
  if (!isDigest(diffId)) return fail({ _tag: 'System', operation: 'unpack', subject: layer.subject, reason: 'skiff-tree reported no digest' });
  if (blob !== layer.digest) fail({ _tag: 'Corrupt', subject: layer.subject, reason: `its digest is ${String(blob)}, not ${layer.digest}` });
  if (layer.diffId !== undefined && layer.diffId !== diffId) {
    fail({ _tag: 'Corrupt', subject: layer.subject, reason: `it unpacks to ${diffId}, but the image promises ${layer.diffId}` });
  }
  return diffId;
};

/** Ends the helper when its input will not be whole, and tells why; never returns otherwise. */
const orUnfinished = (child: ChildProcess, growing: Promise<void> | undefined): Promise<never> =>
  new Promise((_, reject) => {
    growing?.catch((reason: unknown) => {
      child.kill('SIGKILL');
      reject(reason);
    });
  });

const applyTo = async (paths: Paths, host: Host, layer: LayerPromise, input: LayerInput, directory: string): Promise<string> => {
  const limits = ['--max-bytes', String(bytesAllowed(layer.size)), '--max-entries', String(maximumEntries)];
  const single = host.idMap.mode === 'single' ? ['--single-uid'] : [];
  const follow = input.growing === undefined ? [] : ['--follow', String(layer.size)];
  const command = [helperPath(paths, 'skiff-tree'), 'apply', '--dir', directory, ...limits, ...single, ...follow];
  const [program = '', ...words] = inUserNamespace(paths, host, command);
  const child = spawn(program, words, { stdio: [input.fd, 'pipe', 'pipe'] });
  const ended = outcomeOf(child, true);
  try {
    const outcome = await Promise.race([ended, orUnfinished(child, input.growing)]);
    checkOutcome(outcome, 'unpack', layer.subject);
    return outcome.stdout;
  } finally {
    // Nothing is to be written any more when the caller clears away.
    await ended.catch(() => undefined);
  }
};

/**
 * Unpacks `input` into `fs` below the new directory `temporary`, with `layer.json` beside it, and verifies digests.
 * Throws `Hostile`, `Corrupt` or `System` failures, or the reason of `input.growing`; the caller removes what is there then.
 */
export const unpackLayer = async (paths: Paths, host: Host, layer: LayerPromise, input: LayerInput, temporary: string): Promise<Layer> => {
  const directory = join(temporary, 'fs');
  mkdirSync(directory, { mode: 0o755 });
  const report = parseReport(await applyTo(paths, host, layer, input, directory));
  const [diffId, bytes] = report.get('diff') ?? [];
  const verified = checkDigests(layer, report.get('blob')?.[0], diffId);
  const record = { size: Number(bytes), entries: Number(report.get('entries')?.[0] ?? 0), blobs: [layer.digest] };
  writeFileSync(join(temporary, 'layer.json'), layerRecordOf(record), { mode: 0o600 });
  return { diffId: verified, size: record.size };
};
