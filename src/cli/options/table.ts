/**
 * The shape of a command's option table: plain data from which parsing, help, man pages and shell completion are all made.
 * Tables hold no functions and import nothing, so that the one that is needed loads in no time.
 */

/** `int` is a decimal integer; `list` may be given many times and keeps the order; the others take their last value. */
export type FlagKind = 'bool' | 'string' | 'list' | 'int';

/** What a shell can offer for a value: names that change, found by `skiff __complete`, or paths. */
export type Completion = 'containers' | 'images' | 'networks' | 'volumes' | 'files' | 'directories';

export interface Flag {
  /** Long name without dashes. */
  readonly name: string;
  /** One letter without its dash. */
  readonly short?: string;
  readonly kind: FlagKind;
  /** Placeholder of the value in help; absent for `bool`. */
  readonly value?: string;
  /** One phrase, without a full stop. */
  readonly help: string;
  /** As it would be typed. Without one: false, undefined or an empty list. */
  readonly default?: string;
  /** Heading in help; flags without one come first under "Options". */
  readonly group?: string;
  /** Other long names that older command lines use; accepted, not shown. */
  readonly aliases?: readonly string[];
  /** The only values there are. */
  readonly choices?: readonly string[];
  /** Values that a shell offers, though others are possible. */
  readonly suggestions?: readonly string[];
  readonly complete?: Completion;
}

/**
 * A flag of Docker's that cannot be had here. No help, manual or completion shows it; who types it reads why, and what to do instead, rather
 * than that there is no such flag.
 */
export interface RefusedFlag {
  /** Long name without dashes. */
  readonly name: string;
  readonly short?: string;
  /** Other long names of the same. */
  readonly aliases?: readonly string[];
  /** The reason: a clause that stands behind `--NAME: `, without a full stop. */
  readonly reason: string;
  /** The way round, without a full stop. */
  readonly instead: string;
}

export interface Example {
  readonly command: string;
  /** What it does, a phrase without a full stop. */
  readonly text: string;
}

export interface Positionals {
  readonly min: number;
  /** Absent: no upper limit. */
  readonly max?: number;
  /** A flag that takes the place of one required argument. */
  readonly insteadOfOne?: string;
  /** What a shell offers for the first argument, and with `completeAll` for each. */
  readonly complete?: Completion;
  readonly completeAll?: boolean;
  /** The only words there are for the first argument. */
  readonly choices?: readonly string[];
}

export interface CommandTable {
  readonly name: string;
  /** The other ways to type it, such as `container run`. */
  readonly aliases: readonly string[];
  /** Heading in `skiff --help`. */
  readonly category: string;
  /** One phrase, without a full stop. */
  readonly summary: string;
  /** What follows the command's name, as in `[OPTIONS] IMAGE [COMMAND] [ARG...]`. */
  readonly usage: string;
  /** Whether flags may follow arguments. False for commands whose arguments are another program's command line. */
  readonly interspersed: boolean;
  readonly positionals: Positionals;
  readonly flags: readonly Flag[];
  /** Absent: there is none. */
  readonly refused?: readonly RefusedFlag[];
  readonly examples: readonly Example[];
}

/** `cap-add` as the property name `capAdd`. */
export type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}` : Name;

type ChoiceOf<F extends Flag> = F extends { readonly choices: readonly (infer Choice)[] } ? Choice : string;
type Scalar<F extends Flag, A> = F extends { readonly default: string } ? A : A | undefined;
type ValueOf<F extends Flag> = F['kind'] extends 'bool'
  ? boolean
  : F['kind'] extends 'list'
    ? readonly string[]
    : F['kind'] extends 'int'
      ? Scalar<F, number>
      : Scalar<F, ChoiceOf<F>>;

/** The typed values of a table's flags, by their names in camel case. */
export type FlagsOf<Table extends CommandTable> = {
  readonly [F in Table['flags'][number] as CamelCase<F['name']>]: ValueOf<F>;
};
