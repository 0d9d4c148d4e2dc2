/** The word that was probably meant. Pure. */

/** The nearest of some words: one that holds the other, or that a few letters make of it; undefined = none is near. */
export function nearestOf(asked: string, words: readonly string[]): string | undefined {
  const wanted = asked.toLowerCase();
  const ranked = words
    .filter((word) => word !== asked)
    .map((word) => ({ word, steps: stepsBetween(wanted, word.toLowerCase()) }))
    .toSorted((a, b) => a.steps - b.steps);
  const stepsMax = Math.max(1, Math.floor(wanted.length / 3));
  const near = ranked.find(({ steps }) => steps <= stepsMax);
  const holds = ranked.find(({ word }) => wanted.length >= 3 && word.toLowerCase().includes(wanted));
  return (near ?? holds)?.word;
}

/** Letters to add, drop or replace until one word is the other. */
function stepsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [at, letter] of [...one].entries()) {
    const next = [at + 1];
    for (const [index, against] of [...other].entries()) {
      const replaced = (row[index] ?? 0) + (letter === against ? 0 : 1);
      next.push(Math.min(replaced, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
