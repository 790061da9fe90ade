/** Values of `build`'s flags that are words of their own: arguments, contexts, secrets. */
import { existsSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { splitRecord } from '../core/csv.ts';
import { fail } from '../core/errors.ts';
import { refuse, usage } from '../core/invalid.ts';
import type { NamedContext } from '../build/build.ts';
import type { Output } from '../build/outputs.ts';
import type { Secret } from '../build/session.ts';
import type { SshSource } from '../build/ssh-agent.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** `--build-arg NAME[=VALUE]`; a name alone has the value of the caller's variable, or none. */
export const argumentsOf = (words: readonly string[], env: Environment): ReadonlyMap<string, string> =>
  new Map(words.flatMap((word): readonly (readonly [string, string])[] => {
    const sign = word.indexOf('=');
    if (sign === 0 || word === '') return usage(`invalid --build-arg '${word}': the name is missing`, 'write --build-arg NAME=VALUE');
    if (sign > 0) return [[word.slice(0, sign), word.slice(sign + 1)]];
    const value = env[word];
    return value === undefined ? [] : [[word, value]];
  }));

/** SOURCE_DATE_EPOCH, of `--build-arg` or the environment (reproducible-builds.org/specs/source-date-epoch). */
export const epochOf = (given: ReadonlyMap<string, string>, env: Environment): { readonly epoch?: number } => {
  const text = given.get('SOURCE_DATE_EPOCH') ?? env['SOURCE_DATE_EPOCH'] ?? '';
  if (text === '') return {};
  return /^\d{1,11}$/u.test(text) ? { epoch: Number(text) } : usage(`invalid SOURCE_DATE_EPOCH '${text}'`, 'give seconds since 1970');
};

const contextOf = (place: string, word: string, cwd: string): NamedContext => {
  const [, image] = /^docker-image:\/\/(.+)$/u.exec(place) ?? [];
  if (image !== undefined) return { kind: 'image', name: image };
  if (/^(oci-layout|target|https?|git|ssh):/u.test(place) || place.startsWith('git@')) return refuse(`--build-context ${word}: only directories and docker-image://IMAGE can be had yet`, 'make it a directory first');
  const path = resolve(cwd, place);
  return existsSync(path) ? { kind: 'directory', path } : fail({ _tag: 'NotFound', kind: 'directory', name: place, hint: `it is what --build-context ${word} names` });
};

/** `--build-context NAME=PLACE`. */
export const contextsOf = (words: readonly string[], cwd: string): ReadonlyMap<string, NamedContext> =>
  new Map(words.map((word) => {
    const [, name, place] = /^([^=]+)=(.+)$/u.exec(word) ?? [];
    if (name === undefined || place === undefined) return usage(`invalid --build-context '${word}'`, 'write --build-context NAME=DIRECTORY');
    return [name, contextOf(place, word, cwd)] as const;
  }));

const outputOf = (word: string, cwd: string): Output => {
  if (!/^type=|,/u.test(word)) return word === '-' ? { kind: 'tar', path: '-' } : { kind: 'local', path: resolve(cwd, word) };
  const fields = new Map((splitRecord(word) ?? usage(`invalid --output '${word}'`, 'write type=TYPE,dest=PATH')).map((field) => {
    const [, name = field, value = ''] = /^([^=]*)=(.*)$/su.exec(field) ?? [];
    return [name.toLowerCase(), value] as const;
  }));
  const dest = fields.get('dest') ?? fields.get('destination');
  const path = dest === undefined || dest === '-' ? dest : resolve(cwd, dest);
  for (const name of fields.keys()) if (!['type', 'dest', 'destination', 'push'].includes(name)) refuse(`--output ${word}: ${name}= is not possible`, name === 'name' ? 'use --tag' : 'leave it out');
  switch (fields.get('type')) {
    case 'local':
      return path === undefined || path === '-' ? usage(`--output ${word}: dest=DIRECTORY is missing`) : { kind: 'local', path };
    case 'tar':
      return { kind: 'tar', path: path ?? '-' };
    case 'docker':
    case 'oci':
      return path === undefined && fields.get('type') === 'docker' ? { kind: 'store' } : { kind: 'archive', path: path ?? '-' };
    case 'image':
      return fields.get('push') === 'true' ? { kind: 'push' } : { kind: 'store' };
    case 'registry':
      return { kind: 'push' };
    default:
      return usage(`--output ${word}: there is no type ${fields.get('type') ?? ''}`, 'choose from local, tar, docker, oci, image and registry');
  }
};

/** `--output` and `--push`; the store where nothing is said. */
export const outputsOf = (words: readonly string[], push: boolean, cwd: string): readonly Output[] => {
  const outputs = [...words.map((word) => outputOf(word, cwd)), ...(push ? [{ kind: 'push' } as const] : [])];
  return outputs.length === 0 ? [{ kind: 'store' }] : outputs;
};

const secretOf = (word: string, cwd: string, env: Environment): readonly [string, Secret] => {
  const fields = new Map((splitRecord(word) ?? usage(`invalid --secret '${word}'`, 'write --secret id=ID,src=FILE')).map((field) => {
    const [, name = field, value = ''] = /^([^=]*)=(.*)$/su.exec(field) ?? [];
    return [name.toLowerCase(), value] as const;
  }));
  for (const name of fields.keys()) if (!['id', 'src', 'source', 'env', 'type'].includes(name)) usage(`invalid --secret '${word}': unexpected key '${name}'`, 'write --secret id=ID,src=FILE or id=ID,env=NAME');
  const source = fields.get('src') ?? fields.get('source');
  const variable = fields.get('env') ?? (fields.get('type') === 'env' ? (source ?? fields.get('id')) : undefined);
  const id = fields.get('id') ?? (source === undefined ? '' : basename(source));
  if (id === '') return usage(`invalid --secret '${word}': its id is missing`, 'write --secret id=ID,src=FILE');
  if (variable !== undefined) return [id, { kind: 'env', name: variable }];
  if (source === undefined && env[id] !== undefined) return [id, { kind: 'env', name: id }];
  const path = resolve(cwd, source ?? id);
  return existsSync(path) ? [id, { kind: 'file', path }] : fail({ _tag: 'NotFound', kind: 'file', name: source ?? id, hint: `it is what --secret ${word} names` });
};

/** `--secret id=ID[,src=FILE|,env=NAME]`; without a source the variable of that name, or the file. */
export const secretsOf = (words: readonly string[], cwd: string, env: Environment): ReadonlyMap<string, Secret> => new Map(words.map((word) => secretOf(word, cwd, env)));

const agentOf = (word: string, cwd: string, env: Environment): readonly [string, SshSource] => {
  const [, id = '', given] = /^([^=]*)(?:=(.*))?$/su.exec(word) ?? [];
  const [first = '', ...more] = (given ?? env['SSH_AUTH_SOCK'] ?? '').split(',').filter((path) => path !== '');
  if (id === '') return usage(`invalid --ssh '${word}': its id is missing`, 'write --ssh default, or ID=SOCKET, or ID=KEY');
  if (first === '') return refuse(`--ssh ${word}: there is no agent, as SSH_AUTH_SOCK is not set`, 'start one, or name a key: --ssh default=KEY');
  const paths = [first, ...more].map((path) => resolve(cwd, path));
  for (const path of paths) if (!existsSync(path)) return fail({ _tag: 'NotFound', kind: 'file', name: path, hint: `it is what --ssh ${word} names` });
  const sockets = paths.filter((path) => statSync(path).isSocket());
  if (sockets.length === 0) return [id, { kind: 'keys', paths }];
  return paths.length === 1 ? [id, { kind: 'socket', path: paths[0] ?? '' }] : usage(`--ssh ${word}: a socket stands alone`, 'write --ssh ID=SOCKET');
};

/** `--ssh ID[=SOCKET|KEY[,KEY]]`; an id alone means the agent of SSH_AUTH_SOCK. */
export const agentsOf = (words: readonly string[], cwd: string, env: Environment): ReadonlyMap<string, SshSource> => new Map(words.map((word) => agentOf(word, cwd, env)));

/** The fields of a `--cache-from` or `--cache-to`; all types but local are refused. */
const cacheFields = (flag: string, word: string, allowed: readonly string[]): ReadonlyMap<string, string> => {
  const fields = new Map((splitRecord(word) ?? usage(`invalid ${flag} '${word}'`, `write ${flag} type=local,${allowed[0]}=DIR`)).map((field) => {
    const [, name = 'ref', value = field] = /^([^=]*)=(.*)$/su.exec(field) ?? [];
    return [name.toLowerCase(), value] as const;
  }));
  const type = fields.get('type') ?? 'registry';
  if (type !== 'local') refuse(`${flag} ${word}: caches of type ${type} are not possible`, `use type=local,${allowed[0]}=DIR`);
  for (const name of fields.keys()) if (name !== 'type' && !allowed.includes(name)) refuse(`${flag} ${word}: ${name}= is not possible`, 'leave it out');
  return fields;
};

/** `--cache-from type=local,src=DIR`, as absolute paths. */
export const cachesFrom = (words: readonly string[], cwd: string): readonly string[] =>
  words.map((word) => resolve(cwd, cacheFields('--cache-from', word, ['src']).get('src') ?? usage(`--cache-from ${word}: src=DIR is missing`)));

/** `--cache-to type=local,dest=DIR[,mode=min|max]`. */
export const cachesTo = (words: readonly string[], cwd: string): readonly { readonly directory: string; readonly mode: 'min' | 'max' }[] =>
  words.map((word) => {
    const fields = cacheFields('--cache-to', word, ['dest', 'mode']);
    const mode = fields.get('mode') ?? 'min';
    if (mode !== 'min' && mode !== 'max') return usage(`--cache-to ${word}: there is no mode ${mode}`, 'choose min or max');
    return { directory: resolve(cwd, fields.get('dest') ?? usage(`--cache-to ${word}: dest=DIR is missing`)), mode };
  });
