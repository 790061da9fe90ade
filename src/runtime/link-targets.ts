/** Whom a container on the default network links to, and what it was told of them. */
import { join } from 'node:path';
import { SkiffFailure } from '../core/errors.ts';
import { defaultNetwork } from '../core/network-mode.ts';
import { readOptional } from '../system/read-optional.ts';
import { findContainer } from './records.ts';
import type { Paths } from '../system/paths.ts';
import type { Container } from './records.ts';
import type { NetworkWish, SkiffSpec } from './spec-types.ts';

export interface Linked {
  readonly alias: string;
  readonly target: Container;
}

/** Its links there; elsewhere they are names of the name server's. */
export const linksOf = ({ networks = [] }: Pick<SkiffSpec, 'networks'>): NetworkWish['links'] => networks.find(({ name }) => name === defaultNetwork)?.links ?? [];

/** The containers that these mean now. One that has been removed is linked to no more. */
export const linkedOf = (paths: Paths, skiff: SkiffSpec): readonly Linked[] =>
  linksOf(skiff).flatMap(({ target, alias }) => {
    try {
      return [{ alias, target: findContainer(paths, target) }];
    } catch (error) {
      if (error instanceof SkiffFailure && error.error._tag === 'NotFound') return [];
      throw error;
    }
  });

/** Where the variables of its links are kept, as a list in JSON. */
export const environmentFile = (directory: string): string => join(directory, 'link-environment.json');

/** The variables that the container in `directory` was started with because of its links. */
export const linkVariables = (directory: string): readonly string[] => {
  const text = readOptional(environmentFile(directory));
  return text === '' ? [] : (JSON.parse(text) as readonly string[]);
};

/** Docker's `HostConfig.Links`: `/CONTAINER:/THIS/ALIAS`. */
export const linkTexts = (paths: Paths, skiff: SkiffSpec): readonly string[] => linkedOf(paths, skiff).map(({ alias, target }) => `/${target.spec.name}:/${skiff.name}/${alias}`);
