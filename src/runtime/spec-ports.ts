/** The ports of a container: which it listens on, and which of them are published. Pure. */
import { need } from '../core/invalid.ts';
import { imagePorts, parseExpose, portNames } from '../core/ports.ts';
import { parsePublish, publishedRanges } from '../core/publish.ts';
import type { NetworkMode } from '../core/network-mode.ts';
import type { RunFlags } from './run-flags.ts';
import type { ImageConfigView, SkiffSpec } from './spec-types.ts';

type Image = Pick<ImageConfigView, 'config'> | undefined;

/** The members of the specification. What is published counts as exposed, as in Docker. Throws Usage, Refused. */
export const portsOf = (image: Image, flags: RunFlags): Pick<SkiffSpec, 'exposed' | 'published' | 'publishAll'> => {
  const published = (flags.publish ?? []).map(parsePublish);
  const exposed = portNames([...imagePorts(image?.config.ExposedPorts ?? {}), ...(flags.expose ?? []).map((text) => need(parseExpose(text))), ...publishedRanges(published)]);
  return { ...(exposed.length === 0 ? {} : { exposed }), ...(published.length === 0 ? {} : { published }), ...(flags.publishAll === true ? { publishAll: true } : {}) };
};

const unpublished = (image: Image, flags: RunFlags): readonly string[] => (portsOf(image, flags).exposed ?? []).filter((name) => name.endsWith('/sctp'));

/** What of the flags has no effect; Docker's words for `host`, and it says nothing of `none`. */
export const publishWarnings = (image: Image, flags: RunFlags, { mode }: NetworkMode): readonly string[] => {
  const { publish = [], publishAll = false } = flags;
  if (publish.length === 0 && !publishAll) return [];
  if (mode === 'host' || mode === 'none') return [`Published ports are discarded when using ${mode} network mode`];
  return publishAll ? unpublished(image, flags).map((name) => `port ${name} is not published: without root nothing can carry SCTP between the host and a network of yours`) : [];
};
