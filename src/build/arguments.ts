/** Build arguments: which there are, where they hold, and what each is worth (frontend/dockerfile/dockerfile2llb, dispatchArg and metaArgs). Pure. */
import { at } from './dockerfile/location.ts';
import { lex } from './dockerfile/words.ts';
import type { Dockerfile, Simple } from './dockerfile/instructions.ts';
import type { Platform } from '../images/platform.ts';
import type { Variables } from './dockerfile/words.ts';

/** Those that need no ARG and are in no history: proxies (Dockerfile reference, "Predefined ARGs"). */
export const proxyArguments: ReadonlySet<string> = new Set(
  ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()]),
);

const platformArguments = (prefix: string, { os, architecture, variant }: Platform): readonly (readonly [string, string])[] => [
  [`${prefix}PLATFORM`, [os, architecture, ...(variant === undefined ? [] : [variant])].join('/')],
  [`${prefix}OS`, os],
  [`${prefix}ARCH`, architecture],
  [`${prefix}VARIANT`, variant ?? ''],
];

/** What every build knows of itself; it holds before the first FROM, and in a stage where an ARG asks for it. */
export const automaticArguments = (build: Platform, target: Platform, stage: string): Variables =>
  new Map([...platformArguments('BUILD', build), ...platformArguments('TARGET', target), ['TARGETSTAGE', stage]]);

type Arg = Extract<Simple, { kind: 'ARG' }>;

/** A value of `--build-arg` beats the Dockerfile's. */
const valueOf = ({ key, value }: Arg['names'][number], given: Variables, inherited: Variables, expand: (text: string) => string): string | undefined =>
  given.get(key) ?? (value === undefined ? inherited.get(key) : expand(value));

/** What ARGs before the first FROM come to, with what is known anyway: for FROM alone, and for ARGs of stages that name them. */
export const globalArguments = ({ globals, directives }: Pick<Dockerfile, 'globals' | 'directives'>, given: Variables, automatic: Variables): Variables => {
  const result = new Map([...automatic].map(([key, value]) => [key, given.get(key) ?? value] as const));
  for (const instruction of globals) {
    at(instruction.lines, () => {
      for (const name of instruction.names) {
        const value = valueOf(name, given, result, (text) => lex(text, { escape: directives.escape, variables: result }).text);
        if (value !== undefined) result.set(name.key, value);
      }
    });
  }
  return result;
};

/** `scope` with the names of an ARG in a stage; a name without any value stays unknown. `expand` sees the arguments before it. */
export const declare = (scope: Variables, arg: Arg, given: Variables, globals: Variables, expand: (text: string, scope: Variables) => string): Variables => {
  const result = new Map(scope);
  for (const name of arg.names) {
    const key = expand(name.key, result);
    const value = valueOf({ ...name, key }, given, globals, (text) => expand(text, result));
    if (value === undefined) result.delete(key);
    else result.set(key, value);
  }
  return result;
};
