/** The options of an OCI mount as mount(2) takes them: flags, propagation and the text for the file system. Pure. */

/** linux/mount.h */
const flags: Readonly<Record<string, number>> = {
  ro: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  sync: 16,
  dirsync: 128,
  noatime: 1024,
  nodiratime: 2048,
  relatime: 1 << 21,
  strictatime: 1 << 24,
};

/** What undoes a flag that came before it; without one before it there is nothing to do. */
const negations: Readonly<Record<string, string>> = {
  rw: 'ro',
  suid: 'nosuid',
  dev: 'nodev',
  exec: 'noexec',
  async: 'sync',
  atime: 'noatime',
  diratime: 'nodiratime',
  norelatime: 'relatime',
  nostrictatime: 'strictatime',
};

const recursive = 1 << 14;
const propagations: Readonly<Record<string, number>> = {
  private: 1 << 18,
  rprivate: (1 << 18) | recursive,
  slave: 1 << 19,
  rslave: (1 << 19) | recursive,
  shared: 1 << 20,
  rshared: (1 << 20) | recursive,
};

export interface MountOptions {
  /** MS_* bits, without MS_BIND and MS_REC. */
  readonly flags: number;
  /** MS_PRIVATE, MS_SLAVE or MS_SHARED with or without MS_REC; 0 for none. */
  readonly propagation: number;
  /** With the mounts below the source. */
  readonly withChildren: boolean;
  /** Read-only for the mounts below as well. */
  readonly recursivelyReadOnly: boolean;
  /** What is left, joined by commas: options of the file system. */
  readonly data: string;
}

/** Sorts the words of an OCI mount (runtime-spec, config.md, "Mounts"); later words win. */
export const parseMountOptions = (words: readonly string[]): MountOptions => {
  let bits = 0;
  let propagation = 0;
  const data: string[] = [];
  for (const word of words) {
    const negated = negations[word];
    if (word === 'rro') bits |= 1;
    else if (flags[word] !== undefined) bits |= flags[word];
    else if (negated !== undefined) bits &= ~(flags[negated] ?? 0);
    else if (propagations[word] !== undefined) propagation = propagations[word];
    else if (word !== 'bind' && word !== 'rbind') data.push(word);
  }
  return { flags: bits, propagation, withChildren: words.includes('rbind'), recursivelyReadOnly: words.includes('rro'), data: data.join(',') };
};
