import { fail } from '../core/errors.ts';
import { isDomain } from '../core/reference.ts';
import { domainOfServer } from '../registry/credentials-file.ts';
import type { Settings } from '../system/settings.ts';

/**
 * The registry that SERVER means; without one, the default registry. Throws `Usage` for what no name of an image could begin with: a
 * password for it would never be used.
 */
export const registryOf = (settings: Pick<Settings, 'defaultRegistry'>, server: string | undefined): string => {
  if (server === undefined) return settings.defaultRegistry;
  const domain = domainOfServer(server);
  return isDomain(domain)
    ? domain
    : fail({ _tag: 'Usage', message: `'${server}' is no registry`, hint: 'write it as HOST[:PORT]; a host without a dot needs its port' });
};
