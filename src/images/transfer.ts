/** What a pull or push tells about its layers while it works, for whoever draws it. */
import type { Digest } from '../core/digest.ts';

/** Docker's words, so that scripts that read the plain lines find what they look for. */
export type TransferState =
  | 'Pulling fs layer'
  | 'Waiting'
  | 'Downloading'
  | 'Verifying Checksum'
  | 'Download complete'
  | 'Extracting'
  | 'Pull complete'
  | 'Already exists'
  | 'Preparing'
  | 'Pushing'
  | 'Pushed'
  | 'Layer already exists'
  | `Mounted from ${string}`
  | `Retrying in ${number} seconds`;

export interface TransferEvent {
  /** Of the blob. */
  readonly id: Digest;
  readonly state: TransferState;
  /** Bytes so far and in all; there where the state has any. */
  readonly done?: number;
  readonly total?: number;
}

export type TransferProgress = (event: TransferEvent) => void;
