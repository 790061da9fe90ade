/** `skiff rm --link`: a container loses a link, and nothing else (moby daemon/delete.go, rmLink). */
import { fail } from '../core/errors.ts';
import { defaultNetwork } from '../core/network-mode.ts';
import { dropLink } from './links.ts';
import { changeNetworks, locked } from './network-connect.ts';
import { resolveId } from './records.ts';
import type { Paths } from '../system/paths.ts';

/**
 * Removes the link that `word` names, `CONTAINER/ALIAS`: at once where the container runs, but for the variables that it was started with. Throws Conflict for a
 * name without an alias, NotFound where there is no such container or link.
 */
export const removeLink = async (paths: Paths, word: string): Promise<void> => {
  const [, parent, alias] = /^\/?([^/]+)\/([^/]+)$/.exec(word) ?? [];
  if (parent === undefined || alias === undefined) {
    resolveId(paths, word);
    return fail({ _tag: 'Conflict', message: `cannot remove the default link name of the container ${word}`, hint: 'write CONTAINER/ALIAS, the one that has the link first' });
  }
  await locked(paths, parent, async (container) => {
    const networks = container.spec.networks ?? [];
    const has = networks.find(({ links }) => links.some((link) => link.alias === alias));
    if (has === undefined) return fail({ _tag: 'NotFound', kind: 'container', name: word, hint: `see HostConfig.Links in 'skiff inspect ${parent}'` });
    await changeNetworks(paths, container, networks.map((wish) => (wish === has ? { ...wish, links: wish.links.filter((link) => link.alias !== alias) } : wish)), (now) => now);
    if (has.name === defaultNetwork && container.state.status === 'running') dropLink(container.directory, alias);
  });
};
