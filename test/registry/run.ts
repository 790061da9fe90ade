/**
 * Running programs while servers in this process answer them: nothing here blocks. Also what a test asks of `skiff` in one word, and
 * what the store on disk looks like.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { root, scratch, skiffCommand } from '../e2e/skiff.ts';

export interface Options {
  /** Added to the environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Standard input; closed and empty without it. */
  readonly input?: string | Buffer;
  /** Milliseconds before it is killed, which fails the test; 60000 without it. */
  readonly timeout?: number;
}

export interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of the host to its end; throws when it takes longer than the time given. */
export const runProgram = (command: readonly string[], { env = {}, input = '', timeout = 60000 }: Options = {}): Promise<Result> =>
  new Promise((resolve, reject) => {
    const [program = '', ...args] = command;
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    const texts = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => void (texts.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => void (texts.stderr += chunk.toString()));
    // A program need not read its input.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${command.join(' ')} took longer than ${timeout} ms:\n${texts.stdout}${texts.stderr}`));
    }, timeout);
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({ status, ...texts });
    });
  });

/** Runs `skiff` with these words to its end. */
export const skiff = (args: readonly string[], options: Options = {}): Promise<Result> => runProgram([...skiffCommand, ...args], options);

/** Standard output of a program that must succeed. */
export const outputOf = async (command: readonly string[], options: Options = {}): Promise<string> => {
  const { status, stdout, stderr } = await runProgram(command, options);
  assert.is(status, 0, `${command.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
};

/** Standard output of `skiff`, which must succeed and say nothing on standard error. */
export const output = async (args: readonly string[], options: Options = {}): Promise<string> => {
  const { status, stdout, stderr } = await skiff(args, options);
  assert.equal({ status, stderr }, { status: 0, stderr: '' }, `skiff ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
};

/** The one line on standard error of a `skiff` that must fail with `status`, without the prefix and the newline. */
export const failure = async (args: readonly string[], status: number, options: Options = {}): Promise<string> => {
  const result = await skiff(args, options);
  assert.is(result.status, status, `skiff ${args.join(' ')}: ${result.stdout}${result.stderr}`);
  const line = /^skiff: ([^\n]+)\n$/.exec(result.stderr)?.[1];
  if (line === undefined) throw new Error(`skiff ${args.join(' ')} said on standard error: ${JSON.stringify(result.stderr)}`);
  assert.not.match(line, /[\u0000-\u001f\u007f]|undefined|\[object|\bat .*:\d+:\d+/);
  return line;
};

/** `assert.match` that shows the text too. */
export const matches = (text: string, pattern: RegExp, what = ''): void => assert.match(text, pattern, `${what}\n${text}\nshould have matched ${pattern}`);

/** A store, settings and credentials of a test's own; the test runner's home keeps those of the others. */
export interface Place {
  /** SKIFF_ROOT. */
  readonly store: string;
  readonly dockerConfig: string;
  /** For `Options.env`. */
  readonly env: Readonly<Record<string, string>>;
}

/** Makes a `Place`; `settings` is the text of config.yaml. Nothing else of the environment talks to a proxy. */
export const newPlace = (settings = ''): Place => {
  const directory = mkdtempSync(join(scratch(), 'place-'));
  const dockerConfig = join(directory, 'docker');
  mkdirSync(dockerConfig, { mode: 0o700 });
  const config = join(directory, 'config.yaml');
  if (settings !== '') writeFileSync(config, settings);
  const store = join(directory, 'root');
  return { store, dockerConfig, env: { SKIFF_ROOT: store, DOCKER_CONFIG: dockerConfig, ...(settings === '' ? {} : { SKIFF_CONFIG: config }) } };
};

const namesIn = (directory: string): readonly string[] => (existsSync(directory) ? readdirSync(directory).sort() : []);

/** What is in a store: everything that a command which failed must not have changed. */
export interface StoreState {
  readonly index: string;
  readonly blobs: readonly string[];
  readonly layers: readonly string[];
  /** Work that nobody finished; `.fresh-` layers are whole and may be used by the next pull. */
  readonly unfinished: readonly string[];
  /** Blobs that are there in part. */
  readonly partial: readonly string[];
}

/** The state of the store at `store`; an empty one where there is none. */
export const storeState = (store = root): StoreState => {
  const images = join(store, 'images');
  const layers = namesIn(join(store, 'layers'));
  const index = join(images, 'index.json');
  return {
    index: existsSync(index) ? readFileSync(index, 'utf8') : '',
    blobs: namesIn(join(images, 'blobs/sha256')),
    layers: layers.filter((name) => !name.startsWith('.')),
    unfinished: [...namesIn(images), ...layers].filter((name) => name.startsWith('.tmp-')),
    partial: namesIn(join(images, '.partial')),
  };
};
