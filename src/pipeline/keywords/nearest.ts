/** What somebody may have meant who wrote a word that isn't known. */

/** Longer words are not compared: they come from no keyboard. */
const MAX_LENGTH = 40;

/** The known word with the fewest edits, at most two and at most a third of its letters; null if there is none. */
export const nearest = (word: string, known: readonly string[]): string | null => {
  if (word.length > MAX_LENGTH) return null;
  const lower = word.toLowerCase().replaceAll("-", "_");
  let best: string | null = null;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const edits = distance(lower, candidate);
    if (edits < fewest && edits <= Math.min(2, Math.ceil(candidate.length / 3))) [best, fewest] = [candidate, edits];
  }
  return best;
};

/** Letters to add, drop, change or swap with their neighbour (Damerau's distance, without edits inside of a swap). */
const distance = (from: string, to: string): number => {
  let older: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1] ? 0 : 1;
      let edits = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + same);
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) edits = Math.min(edits, (older[column - 2] ?? 0) + 1);
      current.push(edits);
    }
    [older, last] = [last, current];
  }
  return last[to.length] ?? 0;
};
