import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseArgs } from '../../src/cli/clipanion.ts';
import { table as execTable } from '../../src/cli/options/exec.ts';
import { table as psTable } from '../../src/cli/options/ps.ts';
import { table as rmTable } from '../../src/cli/options/rm.ts';
import { table as runTable } from '../../src/cli/options/run.ts';
import type { CommandTable } from '../../src/cli/options/table.ts';

/** Publishing is no flag of `run` yet; this table has what the hardest forms need. */
const table = {
  ...runTable,
  flags: [
    ...runTable.flags,
    { name: 'publish', short: 'p', kind: 'list', value: 'PORTS', help: '' },
    { name: 'sig-proxy', kind: 'bool', help: '', default: 'true' },
    { name: 'ip6', kind: 'string', value: 'ADDRESS', help: '' },
    { name: 'no-healthcheck', kind: 'bool', help: '' },
  ],
} as const satisfies CommandTable;

const parse = (line: readonly string[], of: CommandTable = table) => {
  const parsed = parseArgs(of, line);
  if (parsed.help) throw new Error('help was not asked for');
  return parsed;
};

const flags = (...line: string[]) => parse([...line, 'image']).flags;

const message = (of: CommandTable, ...line: string[]): string => {
  try {
    parseArgs(of, line);
  } catch (caught) {
    return (caught as Error).message;
  }
  return 'no error';
};

test('a short cluster ends with the flag that takes a value', () => {
  const got = flags('-itp', '80:80');
  assert.equal([got['interactive'], got['tty'], got['publish']], [true, true, ['80:80']]);
  assert.equal(flags('-itp8080:80')['publish'], ['8080:80']);
  assert.equal(flags('-p8080:80')['publish'], ['8080:80']);
});

test('a value may stand in the same word, in the next, or be empty', () => {
  assert.equal(flags('-eA=b', '-e', 'C=d', '--env', 'E=f', '--env=G=h', '-e=I=j', '--env=', '-e', '')['env'], ['A=b', 'C=d', 'E=f', 'G=h', 'I=j', '', '']);
  assert.is(flags('--name', 'x')['name'], 'x');
  assert.is(flags('--name=x')['name'], 'x');
});

test('a value may look like a flag, hold any character, or be one that clipanion gives a meaning', () => {
  assert.equal(flags('-e', '--rm', '-e', '-x=1', '-e', '--', '-e', 'a\nb', '-e', '\u0001', '-e', '__proto__')['env'], ['--rm', '-x=1', '--', 'a\nb', '\u0001', '__proto__']);
  assert.is(flags('--entrypoint=')['entrypoint'], '');
});

test('bools take every spelling of Go and nothing else', () => {
  for (const yes of ['1', 't', 'T', 'true', 'TRUE', 'True']) assert.is(flags(`--rm=${yes}`)['rm'], true);
  for (const no of ['0', 'f', 'F', 'false', 'FALSE', 'False']) assert.is(flags(`--rm=${no}`)['rm'], false);
  assert.is(flags('-t=false')['tty'], false);
  assert.is(flags('--no-healthcheck=false')['noHealthcheck'], false);
  assert.is(flags('--no-healthcheck')['noHealthcheck'], true);
  assert.match(message(table, '--rm=yes', 'image'), 'invalid argument "yes" for "--rm": it must be true or false');
});

test('of a scalar given twice the last one stays; a list keeps all in order', () => {
  assert.is(flags('--name=a', '--name=b')['name'], 'b');
  assert.is(flags('--rm', '--rm=false')['rm'], false);
  assert.is(flags('--rm=false', '--rm')['rm'], true);
  assert.equal(flags('-v', 'b', '--volume=a')['volume'], ['b', 'a']);
});

test('defaults, absent values, aliases and names with digits', () => {
  const got = flags('--net', 'host', '--ip6=::1');
  assert.equal([got['pull'], got['name'], got['env'], got['sigProxy'], got['network'], got['ip6']], ['missing', undefined, [], true, ['host'], '::1']);
  assert.is(flags('--sig-proxy=false')['sigProxy'], false);
});

test('the first argument ends the flags of run and exec, not of ps', () => {
  assert.equal(parse(['--rm', 'image', '--rm', '-x', '--', '--help', '']).positionals, ['image', '--rm', '-x', '--', '--help', '']);
  assert.equal(parse(['web', 'ls', '-l'], execTable).positionals, ['web', 'ls', '-l']);
  const rm = parse(['a', '-f', 'b'], rmTable);
  assert.equal([rm.positionals, rm.flags['force']], [['a', 'b'], true]);
});

test('a double dash ends the flags, a single one is an argument', () => {
  assert.equal(parse(['--', '-f'], rmTable).positionals, ['-f']);
  assert.equal(parse(['-', '-f'], rmTable).positionals, ['-']);
});

test('whole numbers are numbers', () => {
  assert.is(parse(['-n', '-3'], psTable).flags['last'], -3);
  assert.is(parse(['--last=10'], psTable).flags['last'], 10);
  assert.is(parse([], psTable).flags['last'], -1);
  for (const bad of ['x', '', '1.5', '99999999999999999999']) assert.match(message(psTable, '--last', bad), 'it must be a whole number');
});

test('help wins wherever flags are read, and -h is help only where it is nothing else', () => {
  assert.ok(parseArgs(runTable, ['--help', 'image']).help);
  assert.ok(parseArgs(runTable, ['-it', '--help']).help);
  assert.ok(parseArgs(psTable, ['-ah']).help);
  assert.is(flags('-h', 'box')['hostname'], 'box');
  assert.not.ok(parseArgs(runTable, ['image', '--help']).help);
});

test('mistakes are one line with the nearest flag', () => {
  assert.is(message(runTable, '--detatch', 'x'), "unknown flag: --detatch; did you mean --detach? See 'skiff run --help'");
  assert.is(message(runTable, '--qqqqqq=1', 'x'), "unknown flag: --qqqqqq; see 'skiff run --help'");
  assert.is(message(psTable, '-A'), "unknown shorthand flag: 'A' in -A; did you mean -a? See 'skiff ps --help'");
  assert.is(message(runTable, '-name', 'x'), "unknown shorthand flag: 'n' in -name; did you mean --name? See 'skiff run --help'");
  assert.match(message(runTable, '--name'), 'flag needs an argument: --name');
  assert.match(message(runTable, '-ie'), "flag needs an argument: 'e' in -ie");
  assert.match(message(runTable, '--pull', 'often', 'x'), 'invalid argument "often" for "--pull": it must be always, missing or never');
  assert.match(message(runTable, '--constructor'), 'unknown flag: --constructor');
});

test('the number of arguments is checked', () => {
  assert.match(message(runTable, '--rm'), "'skiff run' requires at least 1 argument: [OPTIONS] IMAGE");
  assert.is(message(runTable, '--rootfs', '/'), 'no error');
  assert.match(message(psTable, 'x'), `'skiff ps' takes no arguments, not "x"`);
  assert.match(message(execTable, 'web'), 'requires at least 2 arguments');
});

test('many arguments and many values cost no more than their number', () => {
  const names = Array.from({ length: 20_000 }, (_, at) => `c${at}`);
  const started = performance.now();
  assert.is(parse(names, rmTable).positionals.length, 20_000);
  assert.is((flags(...Array.from({ length: 500 }, (_, at) => `-eN${at}=x`))['env'] as string[]).length, 500);
  assert.ok(performance.now() - started < 2000);
});

test.run();
