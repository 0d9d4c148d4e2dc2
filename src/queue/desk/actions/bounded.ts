/** What became of one of many: its value, or what it threw. */
export type Settled<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };

/** Does something for all of them, at most `most` at once; one's error stops no other. Answers in their order. */
export async function settleAll<T, R>(
  all: readonly T[],
  most: number,
  act: (one: T, at: number) => Promise<R>,
): Promise<Settled<R>[]> {
  const results: Settled<R>[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < all.length) {
      const at = next;
      next += 1;
      results[at] = await act(all[at] as T, at).then(
        (value): Settled<R> => ({ ok: true, value }),
        (error: unknown): Settled<R> => ({ ok: false, error }),
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, all.length) }, work));
  return results;
}
