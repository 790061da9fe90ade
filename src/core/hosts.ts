/** `--add-host NAME:IP` and the options that end up in /etc/resolv.conf. */
import { attempt, refuse, usage } from './invalid.ts';
import { isIP } from './ip.ts';
import type { Either } from 'fp-ts/Either';
import type { SkiffError } from './errors.ts';

export interface HostEntry {
  readonly name: string;
  readonly address: string;
}

const hostName = /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})$/;

/** `NAME:IP`, `NAME=IP`, IPv6 with or without brackets; `host-gateway` stands for `gateway`, and is refused where there is none. */
export const parseAddHost = (text: string, gateway: string | undefined): Either<SkiffError, HostEntry> =>
  attempt(() => {
    const at = text.search(/[:=]/);
    const name = text.slice(0, Math.max(at, 0));
    const typed = text.slice(at + 1);
    if (at < 0) return usage(`invalid --add-host '${text}'`, 'write --add-host NAME:IP');
    if (!hostName.test(name)) return usage(`invalid --add-host '${text}': '${name}' is not a host name`, 'write --add-host NAME:IP');
    if (typed === 'host-gateway') return { name, address: gateway ?? noGateway(text) };
    const address = typed.replace(/^\[(.*)\]$/, '$1');
    if (!isIP(address)) return usage(`invalid --add-host '${text}': '${typed}' is not an IP address`, 'write --add-host NAME:IP');
    return { name, address };
  });

const noGateway = (text: string): never =>
  refuse(
    `--add-host ${text}: this container has no way to the host's loopback`,
    'use --network slirp4netns:allow_host_loopback=true, or --network host with 127.0.0.1',
  );

/** One `--dns` value. */
export const parseNameserver = (text: string): Either<SkiffError, string> =>
  attempt(() => (isIP(text.trim()) ? text.trim() : usage(`invalid --dns '${text}': not an IP address`)));

/** One `--dns-search` value: a domain, or `.` for no search list. */
export const parseSearchDomain = (text: string): Either<SkiffError, string> =>
  attempt(() => {
    const domain = text.trim();
    const ok = domain === '.' || (/[A-Za-z]/.test(domain) && /^([A-Za-z0-9_][A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?$/.test(domain));
    return ok ? domain : usage(`invalid --dns-search '${text}': not a domain`);
  });

/** One `--dns-option` value: a word of resolv.conf(5). */
export const parseResolverOption = (text: string): Either<SkiffError, string> =>
  attempt(() => (/^[\x21-\x7e]+$/.test(text) ? text : usage(`invalid --dns-option '${text}'`, 'write one option of resolv.conf(5), such as ndots:2')));

/** `--hostname` and `--domainname`: at most 64 bytes, which is what the kernel keeps (sethostname(2)). */
export const parseHostname = (text: string, flag: string): Either<SkiffError, string> =>
  attempt(() =>
    /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,63})$/.test(text)
      ? text
      : usage(`invalid ${flag} '${text}'`, "use letters, digits, '-', '_' and '.', beginning with a letter or digit, at most 64"),
  );
