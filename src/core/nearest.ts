/** The word somebody probably meant. */

/** Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`: the optimal string alignment distance. */
export const editDistance = (a: string, b: string): number => {
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replace = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replace, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (older[j - 2] ?? 0) + 1);
      row.push(best);
    }
    older = previous;
    previous = row;
  }
  return previous[b.length] ?? a.length;
};

/** Words longer than this are no slip of a finger, and comparing them would take time. */
const longest = 64;

/** The candidate most like `word` in any case (the first of equals), or undefined where none is near enough to be what was meant. */
export const nearest = <Word extends string>(word: string, candidates: readonly Word[]): Word | undefined => {
  if (word.length > longest) return undefined;
  const typed = word.toLowerCase();
  const limit = Math.max(1, Math.floor(word.length / 3));
  let best: Word | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    const known = candidate.toLowerCase();
    const extends_ = typed.length >= 3 && (known.startsWith(typed) || typed.startsWith(known));
    const distance = extends_ ? 1 : editDistance(typed, known);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
};

/** A hint for an error: the near word if there is one, otherwise every word there is. */
export const wordHint = (word: string, candidates: readonly string[]): string => {
  const near = nearest(word, candidates);
  return near === undefined ? `choose from ${candidates.join(', ')}` : `did you mean ${near}?`;
};
