/** Runs several things, some at a time. */

/** Does something and prints what came of it. @returns how many promises it broke */
export type Job = () => Promise<number>;

/** Runs all jobs, `parallel` at a time, in order. @returns the sum of what they returned */
export async function runSome(jobs: readonly Job[], parallel: number): Promise<number> {
  const next = jobs.values();
  let sum = 0;
  const worker = async (): Promise<void> => {
    for (const job of next) {
      const broken = await job();
      sum += broken;
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, jobs.length) }, worker));
  return sum;
}
