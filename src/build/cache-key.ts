/**
 * The key of a step: everything that its result depends on, and nothing else. Times of files, names of stages and the Dockerfile's own text are not in it,
 * so the same work is found again whoever asks for it. Pure.
 */
import { createHash } from 'node:crypto';
import type { Digest } from '../core/digest.ts';
import type { Item } from './select.ts';

/** Raised when a step with the same words comes to mean something else. */
const version = 1;

/** JSON with the members of every object in order, so that the same facts give the same text. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );

/** The key of the step that these `facts` describe, on top of the layers `parent`: 64 hexadecimal digits. */
export const stepKey = (parent: readonly Digest[], facts: Readonly<Record<string, unknown>>): string =>
  createHash('sha256').update(canonical({ version, parent, facts })).digest('hex');

/** A fixed date is part of what a step is told; without one, keys are as they always were. */
export const dateFact = ({ epoch }: { readonly epoch?: number }): { readonly epoch?: number } => (epoch === undefined ? {} : { epoch });

/** What is copied, as one digest: names, types, modes, contents and targets of links; owners where `owners` says that they are kept. */
export const contentDigest = (items: readonly Item[], digests: ReadonlyMap<string, string>, owners: boolean): string => {
  const hash = createHash('sha256');
  for (const { name, entry } of items) {
    const content = entry.type === 'file' ? (digests.get(entry.path) ?? '') : entry.link;
    const owner = owners ? `${entry.uid}:${entry.gid}` : '';
    hash.update(`${name}\0${entry.type}\0${entry.mode.toString(8)}\0${owner}\0${content}\0`);
  }
  return hash.digest('hex');
};
