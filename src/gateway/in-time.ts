/** A bound on how long something is waited for. */

/** What a promise gives; after `ms` without it what `late` gives, or throws. What comes later is dropped. */
export async function inTime<T, L>(done: Promise<T>, ms: number, late: () => L): Promise<T | L> {
  let timer: NodeJS.Timeout | undefined;
  const isLate = new Promise<typeof overdue>((resolve) => {
    timer = setTimeout(() => resolve(overdue), ms);
  });
  try {
    const first = await Promise.race([done, isLate]);
    return first === overdue ? late() : first;
  } finally {
    clearTimeout(timer);
  }
}

const overdue = Symbol('overdue');
