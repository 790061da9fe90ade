import { isatty } from 'node:tty';
import { SkiffFailure, fail, printable } from '../core/errors.ts';
import { openRegistry } from '../registry/client.ts';
import type { RegistryContext } from '../registry/client.ts';
import { findCredential, storeCredential } from '../registry/credentials.ts';
import type { Credential } from '../registry/credentials.ts';
import { pathsOf } from './surroundings.ts';
import { readSettings } from '../system/settings.ts';
import type { Settings } from '../system/settings.ts';
import type { Context } from './context.ts';
import { exitOne } from './exit-one.ts';
import { table } from './options/login.ts';
import type { FlagsOf } from './options/table.ts';
import { Interrupted, askLine, askSecret, readPipedSecret } from './prompt.ts';
import { registryOf } from './registry-name.ts';
import { warn } from './warn.ts';

export { table };

type Flags = FlagsOf<typeof table>;

/** What a shell shows for a program that SIGINT ended. */
const endedByInterrupt = 130;

const checkFlags = ({ username, password, passwordStdin }: Flags): void => {
  if (!passwordStdin) return;
  if (password !== undefined) fail({ _tag: 'Usage', message: 'there can be --password or --password-stdin, not both' });
  if (username === undefined) fail({ _tag: 'Usage', message: '--password-stdin needs --username', hint: 'the name cannot be asked for when standard input is the password' });
};

const requireTerminal = (): void => {
  if (isatty(0)) return;
  fail({ _tag: 'Refused', message: 'Cannot perform an interactive login from a non TTY device', hint: 'use --username and --password-stdin' });
};

const given = (what: string, answer: string): string => (answer === '' ? fail({ _tag: 'Refused', message: `${what} is needed to log in` }) : answer);

/** From the flags, standard input, or the person. `known` is offered as the name. */
const askCredential = async (context: Context, flags: Flags, known: string): Promise<Credential> => {
  if (flags.password !== undefined) warn(context, 'others can see a password in a command line, and the shell remembers it: use --password-stdin');
  if (flags.username === undefined || (flags.password === undefined && !flags.passwordStdin)) requireTerminal();
  const typed = flags.username ?? (await askLine(context, known === '' ? 'Username: ' : `Username (${printable(known)}): `));
  const username = given('a user name', typed === '' ? known : typed);
  const password = flags.passwordStdin ? await readPipedSecret() : (flags.password ?? (await askSecret(context, 'Password: ')));
  return { username, password: given('a password', password) };
};

const authenticate = async (context: Omit<RegistryContext, 'credentialOf'>, domain: string, credential: Credential): Promise<void> => {
  const registry = openRegistry({ ...context, credentialOf: async () => credential }, domain);
  try {
    await registry.authenticate();
  } finally {
    registry.close();
  }
};

/** Whether the stored credential still works; a person at a terminal gets another chance, a script an error. */
const stillWorks = async (context: Context, settings: Settings, domain: string, credential: Credential): Promise<boolean> => {
  const name = credential.username === '' ? '' : ` [Username: ${printable(credential.username)}]`;
  context.stdout.write(`Authenticating with existing credentials...${name}\n`);
  try {
    await authenticate({ settings, env: context.env }, domain, credential);
    return true;
  } catch (error) {
    if (!(error instanceof SkiffFailure) || !isatty(0)) throw error;
    warn(context, error.message);
    return false;
  }
};

const logIn = async (context: Context, flags: Flags, settings: Settings, domain: string): Promise<void> => {
  const { env } = context;
  const isBare = flags.username === undefined && flags.password === undefined && !flags.passwordStdin;
  const stored = isBare ? await findCredential(env, domain) : undefined;
  if (stored === undefined || !(await stillWorks(context, settings, domain, stored))) {
    const credential = await askCredential(context, flags, stored?.username ?? '');
    await authenticate({ settings, env }, domain, credential);
    const { file, helper } = await storeCredential(env, domain, credential);
    if (helper === undefined) warn(context, `the password lies unencrypted in ${file}; with a credential helper, named there as credsStore, it would not`);
  }
  context.stdout.write('Login Succeeded\n');
};

/** `skiff login`. */
export const run = async (context: Context, flags: Flags, [server]: readonly string[]): Promise<number> => {
  checkFlags(flags);
  const settings = await readSettings(context.env, pathsOf(context));
  const domain = registryOf(settings, server);
  try {
    return await exitOne(context, () => logIn(context, flags, settings, domain));
  } catch (error) {
    if (error instanceof Interrupted) return endedByInterrupt;
    throw error;
  }
};
