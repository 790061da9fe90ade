import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isNetworkName } from '../network/name.ts';
import { networksDirectory } from '../network/places.ts';
import { predefined } from '../network/predefined.ts';
import { isVolumeName } from '../core/volume-name.ts';
import { volumesDirectory } from '../volumes/places.ts';
import { pathsOf } from './surroundings.ts';
import type { Paths } from '../system/paths.ts';
import type { Context } from './context.ts';
import type { CommandTable } from './options/table.ts';

/** Not for people and in no help: the completion scripts ask it for names. */
export const table = {
  name: '__complete',
  aliases: [],
  category: '',
  summary: 'Print the names that a completion script offers',
  usage: 'containers|images|networks|volumes',
  interspersed: true,
  positionals: { min: 1, max: 1, choices: ['containers', 'images', 'networks', 'volumes'] },
  flags: [],
  examples: [],
} as const satisfies CommandTable;

/** `skiff __complete containers|images|networks|volumes`: one name per line. What cannot be read is no name: a shell must never show an error here. */
export const run = async (context: Context, _flags: object, [kind]: readonly string[]): Promise<number> => {
  const paths = pathsOf(context);
  const names = (readers[kind ?? ''] ?? imageNames)(paths);
  context.stdout.write(names.filter(isPlain).map((name) => `${name}\n`).join(''));
  return 0;
};

const containerNames = (paths: Paths): readonly string[] => quietly(() => readdirSync(paths.names));

const networkNames = (paths: Paths): readonly string[] => [
  ...predefined.map(({ name }) => name),
  ...quietly(() => readdirSync(networksDirectory(paths)).filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length)).filter(isNetworkName)),
];

const volumeNames = (paths: Paths): readonly string[] => quietly(() => readdirSync(volumesDirectory(paths)).filter(isVolumeName));

const imageNames = (paths: Paths): readonly string[] =>
  quietly(() => {
    const index: unknown = JSON.parse(readFileSync(join(paths.images, 'index.json'), 'utf8'));
    return [...new Set([builtIn, ...referenceNames(index).map(shortName)])];
  }, [builtIn]);

/** The image that every Skiff has. */
const builtIn = 'hello';

/** The annotations that name an image in an OCI index (OCI image specification, annotations). */
const referenceNames = (index: unknown): readonly string[] => {
  const manifests = (index as { manifests?: unknown })?.manifests;
  if (!Array.isArray(manifests)) return [];
  return manifests.flatMap((entry: { annotations?: Record<string, unknown> } | null) => {
    const name = entry?.annotations?.['org.opencontainers.image.ref.name'];
    return typeof name === 'string' ? [name] : [];
  });
};

/** As people type it: without Docker Hub's address and without `:latest`. */
const shortName = (reference: string): string => reference.replace(/^docker\.io\/(library\/)?/, '').replace(/:latest$/, '');

/** Blanks, quotes and control characters would be read as code or as several words by some shell. */
const isPlain = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._/:@-]*$/.test(name);

const quietly = (read: () => readonly string[], otherwise: readonly string[] = []): readonly string[] => {
  try {
    return read();
  } catch {
    return otherwise;
  }
};

const readers: Readonly<Record<string, (paths: Paths) => readonly string[]>> = { containers: containerNames, images: imageNames, networks: networkNames, volumes: volumeNames };
