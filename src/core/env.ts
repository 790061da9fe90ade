/** Environment variables as Docker takes them: `-e`, `--env-file`, and how they lie over the image's. Labels share the file form. */
import { attempt, need, usage } from './invalid.ts';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from './errors.ts';

/** A text file named on the command line, already read. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** One assignment; `value` undefined asks for the variable to be absent, even where the image sets it. */
export interface Variable {
  readonly name: string;
  readonly value: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

const splitAssignment = (text: string): Variable => {
  const at = text.indexOf('=');
  return at < 0 ? { name: text, value: undefined } : { name: text.slice(0, at), value: text.slice(at + 1) };
};

const fromCaller = (variable: Variable, caller: Environment): Variable =>
  variable.value === undefined ? { name: variable.name, value: caller[variable.name] } : variable;

/** One `-e` value: `NAME=value`, or `NAME` to take it from the caller (absent there: absent in the container, as in Docker). */
export const parseEnvFlag = (text: string, caller: Environment): Either<SkiffError, Variable> =>
  attempt(() => {
    if (text.includes('\0')) return usage(`invalid environment variable '${text}': it contains a NUL`);
    const variable = splitAssignment(text);
    if (variable.name === '') return usage(`invalid environment variable '${text}': the name is missing`, 'write --env NAME=value');
    return fromCaller(variable, caller);
  });

/**
 * The lines of a `--env-file` or `--label-file`: `NAME=value` or `NAME`, taken literally (no quotes, no expansion); blank lines and
 * lines that begin with `#` are skipped. A line that is neither is a usage error naming file and line (docker/cli opts/file.go).
 */
export const parseAssignmentFile = (file: TextFile): Either<SkiffError, readonly Variable[]> =>
  attempt(() => {
    const out: Variable[] = [];
    file.text.split('\n').forEach((raw, index) => {
      // trimStart takes a byte order mark away too.
      const line = raw.replace(/\r$/, '').trimStart();
      if (line === '' || line.startsWith('#')) return;
      const variable = splitAssignment(line);
      const name = variable.value === undefined ? variable.name.trimEnd() : variable.name;
      const where = `${file.path}, line ${index + 1}`;
      if (name === '') usage(`${where}: the name before '=' is missing`);
      if (/\s/.test(name)) usage(`${where}: the name '${name}' contains white space`, "write NAME=value, without blanks around '='");
      if (line.includes('\0') || line.includes('\ufffd')) usage(`${where}: not UTF-8 text`);
      out.push({ name, value: variable.value });
    });
    return out;
  });

/** All `--env-file` then all `-e`, in order, values taken from the caller where only a name is given. */
export const readEnvironmentFlags = (
  files: readonly TextFile[],
  flags: readonly string[],
  caller: Environment,
): Either<SkiffError, readonly Variable[]> =>
  attempt(() => {
    const fromFiles = files.flatMap((file) => need(parseAssignmentFile(file)).map((variable) => fromCaller(variable, caller)));
    return [...fromFiles, ...flags.map((flag) => need(parseEnvFlag(flag, caller)))];
  });

/**
 * The process environment, `NAME=value` each: `defaults`, then the user's variables, then the image's that the user did not name;
 * a later one replaces an earlier one in its place. This is the order that `docker run` shows.
 */
export const mergeEnvironment = (
  defaults: readonly Variable[],
  image: readonly string[],
  user: readonly Variable[],
): readonly string[] => {
  const named = new Set(user.map((variable) => variable.name));
  const inherited = image.map(splitAssignment).filter((variable) => !named.has(variable.name));
  const merged = new Map<string, string | undefined>();
  for (const { name, value } of [...defaults, ...user, ...inherited]) merged.set(name, value);
  return [...merged].flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
};
