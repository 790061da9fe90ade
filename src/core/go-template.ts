/**
 * Go templates as Docker's `--format` takes them (text/template and Docker's functions).
 *
 * Values are plain data. An object stands for a Go struct: a field that it does not have is an error. A `Map` stands for a Go map:
 * a key that it does not have prints `<no value>`. A function stands for a method and is called with the arguments that follow it.
 */
import { arities, executionError, functions, goString, isTrue, sortedEntries } from './go-template-functions.ts';
import { templateError } from './go-template-lex.ts';
import { parseNodes } from './go-template-parse.ts';
import type { Node, Operand, Pipe } from './go-template-parse.ts';

/** Carries the template out on a value. Throws SkiffFailure(Usage). */
export type Template = (data: unknown) => string;

/** Parses a template; function names are checked here, fields when it is carried out. Throws SkiffFailure(Usage). */
export const parseTemplate = (source: string): Template => {
  const nodes = parseNodes(source);
  checkFunctions(nodes);
  return (data) => {
    const out: string[] = [];
    walk(nodes, { dot: data, variables: new Scope(undefined, [['', data]]) }, out);
    return out.join('');
  };
};

/** Variables of a block; assignments reach the block that made the variable. */
class Scope {
  readonly #values: Map<string, unknown>;
  readonly #outer: Scope | undefined;
  constructor(outer: Scope | undefined, values: readonly (readonly [string, unknown])[] = []) {
    this.#outer = outer;
    this.#values = new Map(values);
  }
  get(name: string): unknown {
    if (this.#values.has(name)) return this.#values.get(name);
    return this.#outer === undefined ? executionError(`undefined variable: $${name}`) : this.#outer.get(name);
  }
  declare(name: string, value: unknown): void {
    this.#values.set(name, value);
  }
  assign(name: string, value: unknown): void {
    if (this.#values.has(name)) this.#values.set(name, value);
    else if (this.#outer === undefined) executionError(`undefined variable: $${name}`);
    else this.#outer.assign(name, value);
  }
}

interface Frame {
  readonly dot: unknown;
  readonly variables: Scope;
}

type Flow = 'next' | 'break' | 'continue';

const walk = (nodes: readonly Node[], frame: Frame, out: string[]): Flow => {
  for (const node of nodes) {
    const flow = step(node, frame, out);
    if (flow !== 'next') return flow;
  }
  return 'next';
};

const step = (node: Node, frame: Frame, out: string[]): Flow => {
  switch (node.kind) {
    case 'text':
      out.push(node.text);
      return 'next';
    case 'action': {
      const value = evaluate(node.pipe, frame);
      if (node.pipe.variables.length === 0) out.push(goString(value));
      return 'next';
    }
    case 'break':
    case 'continue':
      return node.kind;
    case 'range':
      return range(node, frame, out);
    case 'if':
    case 'with': {
      const inner = { ...frame, variables: new Scope(frame.variables) };
      const value = evaluate(node.pipe, inner);
      if (isTrue(value)) return walk(node.then, node.kind === 'with' ? { ...inner, dot: value } : inner, out);
      return walk(node.otherwise, inner, out);
    }
  }
};

const range = (node: Extract<Node, { pipe: Pipe; then: readonly Node[] }>, frame: Frame, out: string[]): Flow => {
  const value = evaluate({ ...node.pipe, variables: [] }, frame);
  const entries = entriesOf(value);
  if (entries.length === 0) return walk(node.otherwise, { ...frame, variables: new Scope(frame.variables) }, out);
  const names = node.pipe.variables;
  for (const [key, item] of entries) {
    const bound = names.length === 2 ? [[names[0] ?? '', key] as const, [names[1] ?? '', item] as const] : names.map((name) => [name, item] as const);
    if (walk(node.then, { dot: item, variables: new Scope(frame.variables, bound) }, out) === 'break') break;
  }
  return 'next';
};

const entriesOf = (value: unknown): readonly (readonly [unknown, unknown])[] => {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.map((item: unknown, at) => [at, item] as const);
  if (value instanceof Map) return sortedEntries(value);
  if (typeof value === 'object') return sortedEntries(new Map(Object.entries(value)));
  return executionError(`range cannot go through ${goString(value)}`);
};

const evaluate = (pipe: Pipe, frame: Frame): unknown => {
  let piped: readonly unknown[] = [];
  for (const command of pipe.commands) piped = [run(command, piped, frame)];
  const value = piped[0];
  for (const name of pipe.variables) {
    if (pipe.assigns) frame.variables.assign(name, value);
    else frame.variables.declare(name, value);
  }
  return value;
};

/** One command; what comes down the pipe is its last argument. */
const run = (command: readonly Operand[], piped: readonly unknown[], frame: Frame): unknown => {
  const [head, ...rest] = command;
  if (head === undefined) return templateError('a command is missing');
  if (head.base.kind === 'function' && (head.base.name === 'and' || head.base.name === 'or')) return shortCircuit(head.base.name, rest, piped, frame);
  const args = () => [...rest.map((operand) => operandValue(operand, frame, [])), ...piped];
  if (head.base.kind === 'function') return fieldsOf(call(head.base.name, args()), head.fields, []);
  if (rest.length === 0 && piped.length === 0) return operandValue(head, frame, []);
  if (head.fields.length === 0) return executionError(`cannot give arguments to ${goString(operandValue(head, frame, []))}`);
  return operandValue(head, frame, args());
};

/** `and` stops at the first empty value, `or` at the first that is not; either returns the value that it stopped at. */
const shortCircuit = (name: 'and' | 'or', rest: readonly Operand[], piped: readonly unknown[], frame: Frame): unknown => {
  const steps = [...rest.map((operand) => () => operandValue(operand, frame, [])), ...piped.map((value) => () => value)];
  if (steps.length === 0) return executionError(`wrong number of arguments for ${name}: want at least 1, got 0`);
  let value: unknown;
  for (const next of steps) {
    value = next();
    if (isTrue(value) === (name === 'or')) break;
  }
  return value;
};

const operandValue = (operand: Operand, frame: Frame, args: readonly unknown[]): unknown => {
  const { base, fields } = operand;
  switch (base.kind) {
    case 'dot':
      return fieldsOf(frame.dot, fields, args);
    case 'constant':
      return fieldsOf(base.value, fields, args);
    case 'variable':
      return fieldsOf(frame.variables.get(base.name), fields, args);
    case 'pipe':
      return fieldsOf(evaluate(base.pipe, frame), fields, args);
    case 'function':
      return fieldsOf(base.name === 'and' || base.name === 'or' ? shortCircuit(base.name, [], [], frame) : call(base.name, []), fields, args);
  }
};

const call = (name: string, args: readonly unknown[]): unknown => {
  const [least, most] = arities.get(name) ?? [0, Infinity];
  if (args.length < least || args.length > most) {
    const want = least === most ? `${least}` : args.length < least ? `at least ${least}` : `at most ${most}`;
    return executionError(`wrong number of arguments for ${name}: want ${want}, got ${args.length}`);
  }
  return functions.get(name)?.(...args);
};

/** The value at the end of a chain of fields; arguments go to the last one, which must then be a method. */
const fieldsOf = (start: unknown, fields: readonly string[], args: readonly unknown[]): unknown =>
  fields.reduce((value, field, at) => method(member(value, field), field, at === fields.length - 1 ? args : []), start);

const member = (value: unknown, field: string): unknown => {
  if (value instanceof Map) return value.get(field);
  if (value === null || value === undefined) return executionError(`nil has no field ${field}`);
  if (typeof value !== 'object' || !Object.hasOwn(value, field)) return executionError(`can't evaluate field ${field}${fieldHint(value)}`);
  return (value as Record<string, unknown>)[field];
};

const fieldHint = (value: unknown): string => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
  const known = Object.keys(value);
  return known.length === 0 ? '' : `; there are ${known.slice(0, 30).join(', ')}${known.length > 30 ? ', …' : ''}`;
};

const method = (value: unknown, field: string, args: readonly unknown[]): unknown => {
  if (typeof value === 'function') return (value as (...values: readonly unknown[]) => unknown)(...args);
  return args.length === 0 ? value : executionError(`${field} is not a method and takes no arguments`);
};

const checkFunctions = (nodes: readonly Node[]): void => {
  for (const node of nodes) {
    if ('pipe' in node) checkPipe(node.pipe);
    if ('then' in node) [node.then, node.otherwise].forEach(checkFunctions);
  }
};

const checkPipe = (pipe: Pipe): void => {
  for (const { base } of pipe.commands.flat()) {
    if (base.kind === 'pipe') checkPipe(base.pipe);
    if (base.kind === 'function' && base.name !== 'and' && base.name !== 'or' && !functions.has(base.name)) templateError(`function "${base.name}" not defined`);
  }
};
