/** Gathers what is printed and hands it on in large pieces: a write for each line would take longer than everything else. */

export interface LogOutput {
  /** Writes all of `bytes` to standard output, or to standard error. */
  readonly write: (stderr: boolean, bytes: Uint8Array) => void;
  /** Whether both go to the same place, so that their order is seen. */
  readonly shared: boolean;
}

export interface Gathered {
  readonly add: (stderr: boolean, bytes: Uint8Array, length: number) => void;
  readonly flush: () => void;
}

const size = 1 << 17;

export const gather = (output: LogOutput): Gathered => {
  const buffers = [Buffer.allocUnsafe(size), Buffer.allocUnsafe(size)] as const;
  const lengths: [number, number] = [0, 0];

  const flushOne = (which: 0 | 1): void => {
    const length = lengths[which];
    lengths[which] = 0;
    if (length > 0) output.write(which === 1, buffers[which].subarray(0, length));
  };

  return {
    add: (stderr, bytes, length) => {
      const which = stderr ? 1 : 0;
      if (output.shared) {
        const other = stderr ? 0 : 1;
        if (lengths[other] > 0) flushOne(other);
      }
      if (lengths[which] + length > size) flushOne(which);
      if (length > size) return output.write(stderr, bytes.subarray(0, length));
      buffers[which].set(bytes.length === length ? bytes : bytes.subarray(0, length), lengths[which]);
      lengths[which] += length;
    },
    flush: () => {
      flushOne(0);
      flushOne(1);
    },
  };
};
