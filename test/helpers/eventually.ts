/**
 * Runs `check` again and again until it neither throws nor answers false, and gives what it answered.
 *
 * @throws what `check` threw last, once `withinMs` (default 5 s) have passed
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  options: { withinMs?: number; everyMs?: number } = {},
): Promise<Exclude<T, false>> {
  const { withinMs = 5_000, everyMs = 10 } = options;
  const lastMs = performance.now() + withinMs;
  for (;;) {
    try {
      const answer = await check();
      if (answer !== false) return answer as Exclude<T, false>;
      if (performance.now() > lastMs) throw new Error(`not so within ${withinMs} ms`);
    } catch (error) {
      if (performance.now() > lastMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
