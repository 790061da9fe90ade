import { familiarReference, parseReference } from '../core/reference.ts';

/** A stored name as Docker shows it: `docker.io/library/busybox:latest` is `busybox:latest`. */
export const familiarName = (name: string): string => {
  const reference = parseReference(name);
  return '_tag' in reference ? name : familiarReference(reference);
};
