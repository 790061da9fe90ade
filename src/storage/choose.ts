/** Which storage driver to use, from what was asked for and what works here. Pure. */
import * as E from 'fp-ts/Either';
import type { Capabilities } from 'fuse-overlayfs-bindings';
import { fuseOverlayfsDriver, overlayDriver } from './driver.ts';
import type { DriverName, StorageDriver } from './driver.ts';
import type { SkiffError } from '../core/errors.ts';

export type WantedDriver = 'auto' | DriverName;

/** What was asked for, and by what: a flag, a variable, or the path of a file. */
export interface Wanted {
  readonly driver: WantedDriver;
  readonly source: string;
}

export type OverlayFact = { readonly works: true } | { readonly works: false; readonly reason: string };

export type FuseFact =
  | { readonly state: 'ready'; readonly program: string; readonly capabilities: Capabilities }
  | { readonly state: 'missing' }
  | { readonly state: 'unusable'; readonly reason: string };

/** Each fact is asked for only when the choice needs it: the kernel's overlay being good, nobody looks for fuse-overlayfs. */
export interface StorageFacts {
  readonly overlay: () => OverlayFact;
  readonly fuse: () => FuseFact;
}

export interface DriverChoice {
  readonly driver: StorageDriver;
  /** For `skiff info`: why this one. */
  readonly why: string;
}

/** Decodes --storage-driver and SKIFF_STORAGE_DRIVER; `source` names which of them it was. */
export const parseWantedDriver = (text: string, source: string): E.Either<SkiffError, Wanted> => {
  if (text === 'auto' || text === 'overlay' || text === 'fuse-overlayfs') return E.right({ driver: text, source });
  return E.left({ _tag: 'Usage', message: `${source}: no storage driver is called ${text}`, hint: 'use auto, overlay or fuse-overlayfs' });
};

/** A pinned driver or an error; with `auto` the kernel's overlay where it works, else fuse-overlayfs. */
export const chooseDriver = ({ driver: wanted, source }: Wanted, facts: StorageFacts): E.Either<SkiffError, DriverChoice> => {
  if (wanted === 'fuse-overlayfs') return fromFuse(facts.fuse(), `${source} asks for it`);
  const overlay = facts.overlay();
  if (overlay.works) return E.right({ driver: overlayDriver, why: wanted === 'overlay' ? `${source} asks for it` : 'the kernel mounts overlays for you, and that is the fastest' });
  if (wanted === 'auto') return fromFuse(facts.fuse(), `the kernel's overlay does not work here: ${overlay.reason}`);
  return E.left({
    _tag: 'Refused',
    message: `the storage driver overlay does not work here: ${overlay.reason}`,
    hint: `${source} asks for it; use --storage-driver fuse-overlayfs, or leave the choice to auto`,
  });
};

const fromFuse = (fact: FuseFact, why: string): E.Either<SkiffError, DriverChoice> => {
  switch (fact.state) {
    case 'missing':
      return E.left({ _tag: 'Missing', program: 'fuse-overlayfs', package: 'fuse-overlayfs', purpose: `join the layers of images (${why})` });
    case 'unusable':
      return E.left({ _tag: 'Refused', message: fact.reason });
    case 'ready':
      return fact.capabilities.features.has('userOverlayXattrs')
        ? E.right({ driver: fuseOverlayfsDriver(fact.program, fact.capabilities), why })
        : E.left({
            _tag: 'Refused',
            message: `fuse-overlayfs ${fact.capabilities.version} does not understand the layers that Skiff makes`,
            hint: 'fuse-overlayfs 1.8 or newer is needed',
          });
  }
};
