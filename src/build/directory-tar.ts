/** A tar with nothing in it but the directory itself: what a WORKDIR, or a cache that belongs to somebody, is made with. Pure. */

const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;

/** The archive of one directory `./` (POSIX.1-2017, ustar). `uid` and `gid` below 2^21. */
export const directoryTar = (uid = 0, gid = 0, mode = 0o755): Buffer => {
  const header = Buffer.alloc(512);
  header.write('./', 0, 'latin1');
  header.write(octal(mode, 8), 100, 'latin1');
  header.write(octal(uid, 8), 108, 'latin1');
  header.write(octal(gid, 8), 116, 'latin1');
  header.write(octal(0, 12), 124, 'latin1');
  header.write(octal(0, 12), 136, 'latin1');
  header.write('        5', 148, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([header, Buffer.alloc(1024)]);
};
