// "Did you mean": the known word nearest to a mistyped one.

/** undefined when nothing is near: a far guess helps nobody. */
export function nearest(typed: string, known: Iterable<string>): string | undefined {
  let best: { word: string; away: number } | undefined;
  for (const word of known) {
    const away = distance(typed, word);
    if (!best || away < best.away) best = { word, away };
  }
  return best && best.away <= Math.max(2, Math.floor(best.word.length / 3)) ? best.word : undefined;
}

/** Levenshtein: how many letters to insert, delete or replace. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
