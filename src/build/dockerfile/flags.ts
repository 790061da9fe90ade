/** The flags of an instruction, by BuildKit's rules and in its words (instructions/bflag.go). Pure. */
import { nearest } from '../../core/nearest.ts';
import { wrong } from './location.ts';

type FlagKind = 'bool' | 'string' | 'strings';

type ValueOf<K extends FlagKind> = K extends 'bool' ? boolean : K extends 'string' ? string | undefined : readonly string[];

export type FlagValues<T extends Readonly<Record<string, FlagKind>>> = { readonly [N in keyof T]: ValueOf<T[N]> };

const boolOf = (name: string, value: string | undefined): boolean => {
  if (value === '') return wrong(`missing a value on flag: ${name}`);
  const lower = (value ?? 'true').toLowerCase();
  return lower === 'true' || lower === 'false' ? lower === 'true' : wrong(`expecting boolean value for flag ${name}, not: ${value}`);
};

/** The values of `flags`, which are whole words; every one may be given once, but lists. Throws a `DockerfileError`. */
export const readFlags = <T extends Readonly<Record<string, FlagKind>>>(flags: readonly string[], table: T): FlagValues<T> => {
  const values: Record<string, boolean | string | readonly string[] | undefined> = {};
  for (const [name, kind] of Object.entries(table)) values[name] = kind === 'bool' ? false : kind === 'strings' ? [] : undefined;
  const seen = new Set<string>();
  for (const flag of flags) {
    const [, name = '', value] = /^--([^=]*)(?:=(.*))?$/su.exec(flag) ?? [];
    const kind = Object.hasOwn(table, name) ? table[name] : undefined;
    if (kind === undefined) return unknown(name, Object.keys(table));
    if (seen.has(name) && kind !== 'strings') wrong(`duplicate flag specified: ${name}`);
    seen.add(name);
    if (kind === 'bool') values[name] = boolOf(name, value);
    else if (value === undefined) wrong(`missing a value on flag: ${name}`);
    else values[name] = kind === 'string' ? value : [...(values[name] as readonly string[]), value];
  }
  return values as FlagValues<T>;
};

const unknown = (name: string, names: readonly string[]): never => {
  const near = nearest(name, names);
  return wrong(`unknown flag: --${name}${near === undefined ? '' : ` (did you mean ${near}?)`}`);
};
