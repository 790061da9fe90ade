import { splitTemplate, templateError, tokenize } from './go-template-lex.ts';
import type { Token } from './go-template-lex.ts';

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipe: Pipe }
  | { readonly kind: 'if' | 'with' | 'range'; readonly pipe: Pipe; readonly then: readonly Node[]; readonly otherwise: readonly Node[] }
  | { readonly kind: 'break' | 'continue' };

/** `$a, $b := command | command`. */
export interface Pipe {
  readonly variables: readonly string[];
  /** `=` sets variables that are there, `:=` makes new ones. */
  readonly assigns: boolean;
  readonly commands: readonly (readonly Operand[])[];
}

/** A value and the fields taken from it. */
export interface Operand {
  readonly base:
    | { readonly kind: 'dot' }
    | { readonly kind: 'constant'; readonly value: string | number | boolean | null }
    | { readonly kind: 'variable' | 'function'; readonly name: string }
    | { readonly kind: 'pipe'; readonly pipe: Pipe };
  readonly fields: readonly string[];
}

/** Parentheses and blocks inside each other; deeper is no honest template. */
const deepest = 100;

/** Parses a Go template (text/template) without `define`, `template` and `block`. Throws SkiffFailure(Usage). */
export const parseNodes = (source: string): readonly Node[] => {
  const pieces = splitTemplate(source);
  let at = 0;

  /** Nodes up to `end` or `else`; the closing words are returned. */
  const list = (depth: number, inRange: boolean): { readonly nodes: readonly Node[]; readonly closedBy: readonly Token[] | undefined } => {
    if (depth > deepest) templateError('too many blocks inside each other');
    const nodes: Node[] = [];
    while (at < pieces.length) {
      const piece = pieces[at++];
      if (piece === undefined) break;
      if ('text' in piece) {
        nodes.push({ kind: 'text', text: piece.text });
        continue;
      }
      const tokens = tokenize(piece.action);
      const word = tokens[0]?.kind === 'word' ? tokens[0].value : undefined;
      if (word === 'end' || word === 'else') return { nodes, closedBy: tokens };
      if (word === 'if' || word === 'with' || word === 'range') nodes.push(block(word, tokens.slice(1), depth, inRange || word === 'range'));
      else if (word === 'break' || word === 'continue') {
        if (!inRange) templateError(`{{${word}}} outside of {{range}}`);
        nodes.push({ kind: word });
      } else nodes.push({ kind: 'action', pipe: wholePipe(tokens, piece.action) });
    }
    return { nodes, closedBy: undefined };
  };

  const block = (kind: 'if' | 'with' | 'range', tokens: readonly Token[], depth: number, inRange: boolean): Node => {
    const pipe = wholePipe(tokens, kind);
    const then = list(depth + 1, inRange);
    return { kind, pipe, then: then.nodes, otherwise: elsePart(kind, then.closedBy, depth, inRange) };
  };

  const elsePart = (kind: string, closedBy: readonly Token[] | undefined, depth: number, inRange: boolean): readonly Node[] => {
    if (closedBy === undefined) return templateError(`{{${kind}}} has no {{end}}`);
    if (closedBy[0]?.value === 'end') return [];
    const next = closedBy[1]?.value;
    if (next === 'if' || next === 'with') return [block(next, closedBy.slice(2), depth + 1, inRange)];
    const rest = list(depth + 1, inRange);
    if (rest.closedBy?.[0]?.value !== 'end') templateError(`{{${kind}}} has no {{end}}`);
    return rest.nodes;
  };

  const whole = list(0, false);
  if (whole.closedBy !== undefined) templateError(`unexpected {{${whole.closedBy[0]?.value}}}`);
  return whole.nodes;
};

const wholePipe = (tokens: readonly Token[], action: string): Pipe => {
  const { pipe, end } = readPipe(tokens, 0, 0);
  if (end < tokens.length) templateError(`unexpected '${tokens[end]?.value}' in '{{${action}}}'`);
  return pipe;
};

interface Read<A> {
  readonly end: number;
  readonly value: A;
}

const readPipe = (tokens: readonly Token[], start: number, depth: number): { readonly pipe: Pipe; readonly end: number } => {
  if (depth > deepest) templateError('too many parentheses inside each other');
  const declared = readDeclaration(tokens, start);
  const commands: (readonly Operand[])[] = [];
  let at = declared.end;
  for (;;) {
    const command = readCommand(tokens, at, depth);
    if (command.value.length === 0) templateError('a command is missing');
    commands.push(command.value);
    at = command.end;
    if (!isSymbol(tokens[at], '|')) break;
    at += 1;
  }
  return { pipe: { ...declared.value, commands }, end: at };
};

/** `$a :=`, `$a =`, `$a, $b :=`, or nothing. */
const readDeclaration = (tokens: readonly Token[], start: number): Read<Pick<Pipe, 'variables' | 'assigns'>> => {
  const variables: string[] = [];
  for (let at = start; tokens[at]?.kind === 'variable'; at += 2) {
    variables.push(tokens[at]?.value ?? '');
    const sign = tokens[at + 1];
    if (isSymbol(sign, ':=') || isSymbol(sign, '=')) return { value: { variables, assigns: sign?.value === '=' }, end: at + 2 };
    if (!isSymbol(sign, ',')) break;
  }
  return { value: { variables: [], assigns: false }, end: start };
};

const readCommand = (tokens: readonly Token[], start: number, depth: number): Read<readonly Operand[]> => {
  const operands: Operand[] = [];
  let at = start;
  while (at < tokens.length && !isSymbol(tokens[at], '|') && !isSymbol(tokens[at], ')')) {
    const base = readBase(tokens, at, depth);
    const fields = readFields(tokens, base.end, tokens[at]?.kind === 'field' ? [tokens[at]?.value ?? ''] : []);
    operands.push({ base: base.value, fields: fields.value });
    at = fields.end;
  }
  return { value: operands, end: at };
};

const readFields = (tokens: readonly Token[], start: number, first: readonly string[]): Read<readonly string[]> => {
  const fields = [...first];
  let at = start;
  for (let token = tokens[at]; token?.kind === 'field' && token.chained; token = tokens[at]) {
    fields.push(token.value);
    at += 1;
  }
  return { value: fields, end: at };
};

const words: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['nil', null],
]);

const readBase = (tokens: readonly Token[], at: number, depth: number): Read<Operand['base']> => {
  const token = tokens[at];
  const end = at + 1;
  switch (token?.kind) {
    case 'dot':
    case 'field':
      return { value: { kind: 'dot' }, end };
    case 'string':
      return { value: { kind: 'constant', value: token.value }, end };
    case 'number':
      return { value: { kind: 'constant', value: Number(token.value) }, end };
    case 'variable':
      return { value: { kind: 'variable', name: token.value }, end };
    case 'word': {
      const constant = words.get(token.value);
      return { value: constant === undefined ? { kind: 'function', name: token.value } : { kind: 'constant', value: constant }, end };
    }
    default: {
      if (!isSymbol(token, '(')) return templateError(`unexpected '${token?.value ?? 'end'}'`);
      const inner = readPipe(tokens, end, depth + 1);
      if (!isSymbol(tokens[inner.end], ')')) templateError("a '(' has no ')'");
      return { value: { kind: 'pipe', pipe: inner.pipe }, end: inner.end + 1 };
    }
  }
};

const isSymbol = (token: Token | undefined, value: string): boolean => token?.kind === 'symbol' && token.value === value;
