/** The protocol of Docker's credential helpers (github.com/docker/docker-credential-helpers): a word as argument, text in, JSON out. */
import { spawn } from 'node:child_process';
import { isLeft } from 'fp-ts/Either';
import * as t from 'io-ts';
import { explainErrno, fail } from '../core/errors.ts';
import { findProgram } from '../system/programs.ts';
import type { Credential, Environment } from './credentials-file.ts';

/** How long a helper may take; it may ask a person for a key's passphrase. */
const timeLimit = 30_000;

/** Most bytes that are read from a helper. */
const maximumOutput = 1024 * 1024;

const nameForm = /^[A-Za-z0-9_.-]+$/;

/** The user name that says: the secret is an identity token. */
const tokenUser = '<token>';

/** The helpers' library has fixed sentences, printed to standard output, for a server that it does not know. */
const notFound = /^(?:credentials not found in native keychain|no credentials server URL)/;

const Answer = t.type({ Username: t.string, Secret: t.string });

interface Ended {
  readonly succeeded: boolean;
  readonly output: string;
}

const broken = (program: string, operation: string, reason: string): never =>
  fail({ _tag: 'System', operation: `${operation} with the credential helper`, subject: program, reason });

const findHelper = (env: Environment, name: string, operation: string): readonly [program: string, path: string] => {
  if (!nameForm.test(name)) {
    fail({ _tag: 'Usage', message: `'${name}' cannot be the name of a credential helper`, hint: "see credsStore and credHelpers in Docker's config.json" });
  }
  const program = `docker-credential-${name}`;
  const path = findProgram(env, program);
  if (path !== undefined) return [program, path];
  return fail({
    _tag: 'System',
    operation: `${operation} with the credential helper`,
    subject: program,
    reason: 'it is not on your PATH',
    hint: "install it, or take it out of credsStore and credHelpers in Docker's config.json",
  });
};

/** Runs the program to its end, at most `timeLimit`. Its standard error is not read: what a helper says there may repeat what it was given. */
const converse = (env: Environment, path: string, word: string, input: string): Promise<Ended | string> =>
  new Promise((resolve) => {
    const child = spawn(path, [word], { env: { ...env }, stdio: ['pipe', 'pipe', 'ignore'] });
    const chunks: Buffer[] = [];
    let size = 0;
    const give = (result: Ended | string): void => {
      clearTimeout(timer);
      if (typeof result === 'string') child.kill('SIGKILL');
      child.stdout.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => give(`it took longer than ${timeLimit / 1000} seconds`), timeLimit);
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maximumOutput) give('it answers with more than 1 MiB');
      else chunks.push(chunk);
    });
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => give(explainErrno((error as NodeJS.ErrnoException).code ?? 'it cannot be started')));
    child.on('close', (code) => give({ succeeded: code === 0, output: Buffer.concat(chunks).toString('utf8') }));
    child.stdin.end(input);
  });

/** The first line, unless it could be an answer with a secret in it. */
const wordsOf = (output: string): string => {
  const line = output.trim().split('\n', 1)[0]?.slice(0, 200) ?? '';
  return line === '' || line.startsWith('{') ? 'it failed and does not say why' : line;
};

const ask = async (env: Environment, name: string, word: 'get' | 'store' | 'erase', input: string): Promise<Ended> => {
  const operation = { get: 'look up a password', store: 'keep a password', erase: 'forget a password' }[word];
  const [program, path] = findHelper(env, name, operation);
  const ended = await converse(env, path, word, input);
  if (typeof ended === 'string') return broken(program, operation, ended);
  return ended.succeeded || notFound.test(ended.output.trim()) ? ended : broken(program, operation, wordsOf(ended.output));
};

const parseAnswer = (text: string): t.TypeOf<typeof Answer> | undefined => {
  try {
    const decoded = Answer.decode(JSON.parse(text));
    return isLeft(decoded) ? undefined : decoded.right;
  } catch {
    return undefined;
  }
};

/** What the helper `name` has for `server`; undefined where it has nothing. Throws `System`, or `Usage` for a name that cannot be one. */
export const getFromHelper = async (env: Environment, name: string, server: string): Promise<Credential | undefined> => {
  const { succeeded, output } = await ask(env, name, 'get', server);
  if (!succeeded) return undefined;
  const answer = parseAnswer(output) ?? broken(`docker-credential-${name}`, 'look up a password', 'its answer is not Username and Secret in JSON');
  const { Username: username, Secret: secret } = answer;
  if (username === '' && secret === '') return undefined;
  return username === tokenUser ? { username: '', password: '', identityToken: secret } : { username, password: secret };
};

/** Gives `credential` to the helper. Throws as `getFromHelper`. */
export const storeInHelper = async (env: Environment, name: string, server: string, { username, password, identityToken }: Credential): Promise<void> => {
  const [user, secret] = identityToken === undefined ? [username, password] : [tokenUser, identityToken];
  const { succeeded, output } = await ask(env, name, 'store', JSON.stringify({ ServerURL: server, Username: user, Secret: secret }));
  if (!succeeded) broken(`docker-credential-${name}`, 'keep a password', wordsOf(output));
};

/** Makes the helper forget `server`; that it does not know it is no error. Throws as `getFromHelper`. */
export const eraseFromHelper = async (env: Environment, name: string, server: string): Promise<void> => {
  await ask(env, name, 'erase', server);
};
