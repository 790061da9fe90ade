/**
 * Where volume plugins are found, as Docker finds its own (docs.docker.com, "Plugin discovery"), but below the user's directories: sockets `NAME.sock`, and files that say where a
 * plugin listens, `NAME.spec` (an address) and `NAME.json`. Each may be in a directory of the plugin's name. Sockets come first; a name found first counts.
 */
import { closeSync, openSync, readSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fail } from '../../core/errors.ts';
import { decodeSpecification } from './codec.ts';
import type { VolumeContext } from '../driver.ts';
import type { PluginAddress, PluginPlace, PluginTls } from './place.ts';

const largest = 64 * 1024;

const configHome = (env: VolumeContext['env']): string => {
  const set = env['XDG_CONFIG_HOME'] ?? '';
  return isAbsolute(set) ? set : join(env['HOME'] || homedir(), '.config');
};

/** Where plugins are looked for, in this order: beside the sockets of containers, which may not be in XDG_RUNTIME_DIR (runtime-directory.ts), there, and in the user's configuration. */
export const pluginDirectories = ({ paths, env }: Pick<VolumeContext, 'paths' | 'env'>): readonly string[] => {
  const session = env['XDG_RUNTIME_DIR'] ?? '';
  return [...new Set([join(paths.runtime, 'plugins'), ...(isAbsolute(session) ? [join(session, 'skiff', 'plugins')] : []), join(configHome(env), 'skiff', 'plugins')])];
};

export const isPluginName = (name: string): boolean => /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/.test(name);

const readSmall = (path: string): string => {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(largest + 1);
    const length = readSync(fd, bytes, 0, bytes.length, 0);
    if (length > largest) fail({ _tag: 'Corrupt', subject: path, reason: 'it is larger than 64 KiB' });
    return bytes.toString('utf8', 0, length);
  } finally {
    closeSync(fd);
  }
};

const addressOf = (text: string, path: string, tls?: PluginTls): PluginAddress => {
  const corrupt = (reason: string): never => fail({ _tag: 'Corrupt', subject: path, reason, hint: 'write unix:///PATH/OF/SOCKET or tcp://HOST:PORT' });
  const unix = /^unix:\/\/(\/[^\0\n]*)$/.exec(text);
  if (unix !== null) return { kind: 'unix', path: unix[1] ?? '' };
  const [, scheme, bracketed, plain, port] = /^(tcp|http|https):\/\/(?:\[([0-9a-fA-F:.]+)\]|([a-zA-Z0-9._-]+)):(\d{1,5})\/?$/.exec(text) ?? [];
  if (scheme === undefined || Number(port) > 65535) return corrupt(`'${text.slice(0, 200)}' is no address of a plugin`);
  const secure = tls ?? (scheme === 'https' ? { insecureSkipVerify: false } : undefined);
  return { kind: 'tcp', host: bracketed ?? plain ?? '', port: Number(port), ...(secure === undefined ? {} : { tls: secure }) };
};

const readJson = (path: string): PluginAddress => {
  const { address, tls } = decodeSpecification(readSmall(path), path);
  return addressOf(address, path, tls);
};

const kinds = [
  { ending: '.sock', read: (path: string): PluginAddress => ({ kind: 'unix', path }), fits: (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isSocket() === true },
  { ending: '.spec', read: (path: string): PluginAddress => addressOf(readSmall(path).trim(), path), fits: (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true },
  { ending: '.json', read: readJson, fits: (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true },
] as const;

/** Where the plugin `name` listens; undefined where nothing says. Throws Corrupt for a file that does not say it well. */
export const findPlugin = (context: Pick<VolumeContext, 'paths' | 'env'>, name: string): PluginPlace | undefined => {
  if (!isPluginName(name)) return undefined;
  for (const directory of pluginDirectories(context)) {
    for (const { ending, read, fits } of kinds) {
      const path = [join(directory, `${name}${ending}`), join(directory, name, `${name}${ending}`)].find(fits);
      if (path !== undefined) return { name, address: read(path) };
    }
  }
  return undefined;
};

const namesIn = (directory: string): readonly string[] => {
  try {
    return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
      const name = entry.name.replace(/\.(sock|spec|json)$/, '');
      const isFile = name !== entry.name && !entry.isDirectory();
      return (isFile || entry.isDirectory()) && isPluginName(name) ? [name] : [];
    });
  } catch {
    return [];
  }
};

/** Names of all plugins that there are, sorted. Whether they answer is not looked at. */
export const pluginNames = (context: Pick<VolumeContext, 'paths' | 'env'>): readonly string[] => {
  const isThere = (name: string): boolean => {
    try {
      return findPlugin(context, name) !== undefined;
    } catch {
      return true;
    }
  };
  return [...new Set(pluginDirectories(context).flatMap(namesIn))].filter(isThere).sort();
};
