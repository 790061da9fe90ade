/** Statements become instructions and stages: which arguments and flags each takes, in BuildKit's words (frontend/dockerfile/instructions/parse.go). Pure. */
import { nearest } from '../../core/nearest.ts';

import { readFlags } from './flags.ts';
import { readSource } from './lines.ts';
import { at, wrong } from './location.ts';
import { parseCopying } from './parse-copy.ts';
import { parseHealthcheck } from './parse-healthcheck.ts';
import { checkMounts } from './run-mounts.ts';
import { rawWords } from './words.ts';
import type { Statement } from './lines.ts';
import type { Action, CommandLine, Dockerfile, Instruction, Pair, Simple, Stage } from './instructions.ts';

type Parser = (statement: Statement, escape: string) => Action;

/** The exec form: a JSON list of strings. Undefined for anything else, which is text for a shell; a list of other things is wrong. */
export const execWords = (text: string): readonly string[] | undefined => {
  if (!text.trimStart().startsWith('[')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  return value.every((item): item is string => typeof item === 'string') ? value : wrong('when using JSON array syntax, arrays must be comprised of strings only');
};

const noFlags = ({ flags }: Statement): void => void readFlags(flags, {});

const commandLine = ({ rest, heredocs }: Statement): CommandLine => {
  const words = execWords(rest);
  return words === undefined ? { form: 'shell', text: rest, heredocs } : { form: 'exec', words };
};

const one = (name: string, { rest }: Statement): string => (rest === '' ? wrong(`${name} requires exactly one argument`) : rest);

const listOf = (name: string, { rest }: Statement): readonly string[] => {
  const words = execWords(rest) ?? (rest === '' ? [] : rest.split(/[\t\v\f\r ]+/u));
  return words.length === 0 ? wrong(`${name} requires at least one argument`) : words;
};

/** `NAME=VALUE…`, or the old `NAME VALUE` where no sign comes before the first blank. */
const pairsOf = (name: string, { rest }: Statement, escape: string): readonly Pair[] => {
  const words = rawWords(rest, escape);
  const [first] = words;
  if (first === undefined) return wrong(`${name} requires at least one argument`);
  if (!first.includes('=')) {
    const [, key = '', value] = /^(\S+)[\t\v\f\r ]+(.*)$/su.exec(rest) ?? [];
    return value === undefined ? wrong(`${name} must have two arguments`) : [{ key, value }];
  }
  return words.map((word) => {
    const sign = word.indexOf('=');
    if (sign < 0) return wrong(`Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`);
    return sign === 0 ? wrong(`${name} names can not be blank`) : { key: word.slice(0, sign), value: word.slice(sign + 1) };
  });
};

const parseArg = (statement: Statement, escape: string): Extract<Simple, { kind: 'ARG' }> => {
  noFlags(statement);
  const words = rawWords(statement.rest, escape);
  if (words.length === 0) wrong('ARG requires at least one argument');
  const names = words.map((word) => {
    const sign = word.indexOf('=');
    if (sign === 0) return wrong('ARG names can not be blank');
    return sign < 0 ? { key: word } : { key: word.slice(0, sign), value: word.slice(sign + 1) };
  });
  return { kind: 'ARG', names };
};

const parseShell = (statement: Statement): Simple => {
  noFlags(statement);
  if (statement.rest === '') return wrong('SHELL requires at least one argument');
  const words = execWords(statement.rest) ?? wrong(`SHELL requires the arguments to be in JSON form`);
  return words.length === 0 ? wrong('SHELL requires at least one argument') : { kind: 'SHELL', words };
};

const parseVolume = (statement: Statement): Simple => {
  noFlags(statement);
  const paths = listOf('VOLUME', statement).map((path) => path.trim());
  return paths.includes('') ? wrong('VOLUME specified can not be an empty string') : { kind: 'VOLUME', paths };
};

const networks = ['default', 'none', 'host'] as const;
const securities = ['sandbox', 'insecure'] as const;

const oneOf = <W extends string>(what: string, word: string, words: readonly W[]): W => words.find((known) => known === word) ?? wrong(`${what} ${JSON.stringify(word)} is not valid: choose from ${words.join(', ')}`);

const parseRun = (statement: Statement): Action => {
  const { mount, network = 'default', security = 'sandbox' } = readFlags(statement.flags, { mount: 'strings', network: 'string', security: 'string' });
  checkMounts(mount);
  const command = commandLine(statement);
  if (command.form === 'shell' ? command.text === '' : command.words.length === 0) wrong('RUN requires at least one argument');
  return { kind: 'RUN', command, mounts: mount, network: oneOf('network mode', network, networks), security: oneOf('security mode', security, securities) };
};

const parseOnbuild = (statement: Statement, escape: string): Action => {
  noFlags(statement);
  const { rest, heredocs, lines } = statement;
  const [trigger = ''] = rest.split(/\s/u, 1);
  if (trigger === '') return wrong('ONBUILD requires at least one argument');
  const name = trigger.toUpperCase();
  if (name === 'ONBUILD') wrong("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (name === 'MAINTAINER' || name === 'FROM') wrong(`${name} isn't allowed as an ONBUILD trigger`);
  const text = heredocs.reduce((all, { name: end, content }) => `${all}\n${content}${end}`, rest);
  const [inner] = readSource(text).statements;
  if (inner !== undefined) parseStatement({ ...inner, lines }, escape);
  return { kind: 'ONBUILD', trigger: text };
};

const value = (kind: 'USER' | 'WORKDIR' | 'STOPSIGNAL' | 'MAINTAINER'): Parser => (statement) => {
  noFlags(statement);
  return { kind, value: one(kind, statement) };
};

const command = (kind: 'CMD' | 'ENTRYPOINT'): Parser => (statement) => {
  noFlags(statement);
  return { kind, command: commandLine(statement) };
};

const pairs = (kind: 'ENV' | 'LABEL'): Parser => (statement, escape) => {
  noFlags(statement);
  return { kind, pairs: pairsOf(kind, statement, escape) };
};

const parsers: Readonly<Record<string, Parser>> = {
  ADD: (statement) => parseCopying('ADD', statement, execWords),
  ARG: parseArg,
  CMD: command('CMD'),
  COPY: (statement) => parseCopying('COPY', statement, execWords),
  ENTRYPOINT: command('ENTRYPOINT'),
  ENV: pairs('ENV'),
  EXPOSE: (statement) => {
    noFlags(statement);
    return { kind: 'EXPOSE', ports: statement.rest === '' ? wrong('EXPOSE requires at least one argument') : statement.rest.split(/[\t\v\f\r ]+/u).toSorted() };
  },
  HEALTHCHECK: ({ rest, flags }) => ({ kind: 'HEALTHCHECK', check: parseHealthcheck(rest, flags, execWords) }),
  LABEL: pairs('LABEL'),
  MAINTAINER: value('MAINTAINER'),
  ONBUILD: parseOnbuild,
  RUN: parseRun,
  SHELL: parseShell,
  STOPSIGNAL: value('STOPSIGNAL'),
  USER: value('USER'),
  VOLUME: parseVolume,
  WORKDIR: value('WORKDIR'),
};

const instructionNames = ['FROM', ...Object.keys(parsers)];

const unknown = (name: string): never => {
  const near = nearest(name, instructionNames);
  return wrong(`unknown instruction: ${name}${near === undefined ? '' : ` (did you mean ${near}?)`}`);
};

const parseStatement = (statement: Statement, escape: string): Instruction =>
  at(statement.lines, () => {
    const name = statement.name.toUpperCase();
    const parser = Object.hasOwn(parsers, name) ? parsers[name] : undefined;
    const action = parser === undefined ? unknown(statement.name) : parser(statement, escape);
    return { ...action, lines: statement.lines, original: statement.original.trim() };
  });

/** The instruction of an image's `OnBuild` list. Throws a `DockerfileError`. */
export const parseTrigger = (text: string): Instruction => {
  const [statement] = readSource(text).statements;
  return statement === undefined ? wrong('an ONBUILD trigger is empty') : parseStatement(statement, '\\');
};

const stageName = /^[a-z][a-z0-9_.-]*$/u;

const parseFrom = ({ rest, flags, lines, original }: Statement): Stage => {
  const { platform } = readFlags(flags, { platform: 'string' });
  const words = rest === '' ? [] : rest.split(/\s+/u);
  const [base = '', as = '', typed = ''] = words;
  const named = words.length === 3 && as.toLowerCase() === 'as';
  if (!named && words.length !== 1) wrong('FROM requires either one or three arguments');
  const name = typed.toLowerCase();
  if (named && !stageName.test(name)) wrong(`invalid name for build stage: ${JSON.stringify(typed)}, name can't start with a number or contain symbols`);
  return { base, ...(named ? { name } : {}), ...(platform === undefined ? {} : { platform }), instructions: [], lines, original: original.trim() };
};

/** `text` understood. Throws a `DockerfileError`. */
export const parseDockerfile = (text: string): Dockerfile => {
  const { directives, statements } = readSource(text);
  const globals: Dockerfile['globals'][number][] = [];
  const stages: { readonly stage: Stage; readonly instructions: Instruction[] }[] = [];
  for (const statement of statements) {
    const current = stages.at(-1);
    if (statement.name.toUpperCase() === 'FROM') {
      stages.push({ stage: at(statement.lines, () => parseFrom(statement)), instructions: [] });
      continue;
    }
    const instruction = parseStatement(statement, directives.escape);
    if (current !== undefined) current.instructions.push(instruction);
    else if (instruction.kind === 'ARG') globals.push(instruction);
    else at(statement.lines, () => wrong('no build stage in current context'));
  }
  if (stages.length === 0) wrong('no build stage in current context');
  return { directives, globals, stages: stages.map(({ stage, instructions }) => ({ ...stage, instructions })) };
};

