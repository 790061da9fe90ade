/** What a Dockerfile consists of, understood but not yet expanded. */
import type { Healthcheck } from '../../core/oci-image.ts';
import type { HeredocText } from './heredoc.ts';
import type { Directives } from './lines.ts';
import type { Lines } from './location.ts';

/** `["a", "b"]`, or text for a shell. */
export type CommandLine = { readonly form: 'exec'; readonly words: readonly string[] } | { readonly form: 'shell'; readonly text: string; readonly heredocs: readonly HeredocText[] };

export interface Pair {
  readonly key: string;
  readonly value: string;
}

/** A file whose text stands in the Dockerfile. */
export interface Inline {
  readonly name: string;
  readonly text: string;
  readonly expand: boolean;
}

interface Copying {
  readonly sources: readonly string[];
  readonly inline: readonly Inline[];
  readonly target: string;
  readonly chown?: string;
  readonly chmod?: string;
  readonly link: boolean;
  readonly parents: boolean;
  readonly exclude: readonly string[];
}

export interface Copy extends Copying {
  readonly kind: 'COPY';
  /** A stage's name or number, an image or a named context; absent: the build's own context. */
  readonly from?: string;
}

export interface Add extends Copying {
  readonly kind: 'ADD';
  readonly checksum?: string;
  readonly keepGitDir: boolean;
  /** Take archives apart; absent: local ones. */
  readonly unpack?: boolean;
}

export interface Run {
  readonly kind: 'RUN';
  readonly command: CommandLine;
  /** Each as typed, for it may have variables. */
  readonly mounts: readonly string[];
  readonly network: 'default' | 'none' | 'host';
  readonly security: 'sandbox' | 'insecure';
}

export type Simple =
  | { readonly kind: 'ENV'; readonly pairs: readonly Pair[] }
  | { readonly kind: 'LABEL'; readonly pairs: readonly Pair[] }
  | { readonly kind: 'ARG'; readonly names: readonly { readonly key: string; readonly value?: string }[] }
  | { readonly kind: 'CMD' | 'ENTRYPOINT'; readonly command: CommandLine }
  | { readonly kind: 'EXPOSE'; readonly ports: readonly string[] }
  | { readonly kind: 'VOLUME'; readonly paths: readonly string[] }
  | { readonly kind: 'USER' | 'WORKDIR' | 'STOPSIGNAL' | 'MAINTAINER'; readonly value: string }
  | { readonly kind: 'SHELL'; readonly words: readonly string[] }
  | { readonly kind: 'HEALTHCHECK'; readonly check: Healthcheck }
  /** The instruction behind it, here-documents included. */
  | { readonly kind: 'ONBUILD'; readonly trigger: string };

export type Action = Run | Copy | Add | Simple;

/** Where an instruction stands, and how it is written. */
export interface Place {
  readonly lines: Lines;
  readonly original: string;
}

export type Instruction = Action & Place;

export interface Stage extends Place {
  /** Image, stage or `scratch`; may have variables. */
  readonly base: string;
  /** In lower case. */
  readonly name?: string;
  readonly platform?: string;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  readonly directives: Directives;
  /** ARGs before the first FROM. */
  readonly globals: readonly (Extract<Simple, { kind: 'ARG' }> & Place)[];
  readonly stages: readonly Stage[];
}
