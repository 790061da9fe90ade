/** Layers that the tests of registries share. */
import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { busyboxTar, smallLayer } from '../make-image.ts';
import { tar } from '../tar-maker.ts';

let busybox: Buffer | undefined;
let zipped: Buffer | undefined;

/** The busybox root file system, plain. */
export const plainBusybox = (): Buffer => (busybox ??= busyboxTar());

/** The same in gzip, quickly made; its level is the one of no known tool, so its digest is nobody else's. */
export const gzipBusybox = (): Buffer => (zipped ??= gzipSync(plainBusybox(), { level: 1 }));

/** A layer of one file that holds `data`, in gzip. */
export const gzipLayer = (name: string, data: string): Buffer => gzipSync(smallLayer(name, data));

/** `layer` in zstd; package zstd. */
export const zstd = (layer: Buffer): Buffer => execFileSync('zstd', ['-q', '-c'], { input: layer, maxBuffer: 64 << 20 });

/** A layer of this many bytes that nothing can compress, in gzip; another one at every call. */
export const noiseLayer = (name: string, bytes: number): Buffer => gzipSync(tar({ name, data: randomBytes(bytes) }), { level: 1 });
