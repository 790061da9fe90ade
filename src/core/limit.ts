/** Runs bodies handed to it, at most so many at a time, in the order in which they came. */
export type Limiter = <A>(body: () => Promise<A>) => Promise<A>;

/** A limiter of `most` (at least 1) bodies at a time. A body that fails gives its place back like any other. */
export const limiter = (most: number): Limiter => {
  let free = most;
  const waiting: (() => void)[] = [];
  const enter = (): Promise<void> => {
    if (free === 0) return new Promise((resolve) => waiting.push(resolve));
    free -= 1;
    return Promise.resolve();
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return async (body) => {
    await enter();
    try {
      return await body();
    } finally {
      leave();
    }
  };
};
