/** Something that acts when its time has come. */
export interface Due {
  /** `nowMs`: performance.now(). */
  act(nowMs: number): void;
}

/** Shortest sleep between two rounds, ms: whoever is due meanwhile shares one wake-up. */
const roundMs = 2;

/**
 * What happens next, and when: a binary heap behind one timer. Ten thousand visitors cost one pending timer
 * instead of ten thousand, and an action that is due never runs early.
 */
export class Agenda {
  readonly #times: number[] = [];
  readonly #items: Due[] = [];
  #timer: NodeJS.Timeout | undefined;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #stopped = false;

  /** Actions that wait for their time. */
  get size(): number {
    return this.#times.length;
  }

  /** Lets `item` act at `atMs` (performance.now()) or up to a few ms later; ignored once stopped. */
  add(atMs: number, item: Due): void {
    if (this.#stopped) return;
    this.#rise(this.#times.length, atMs, item);
    if (atMs < this.#wakeAtMs) this.#sleepUntil(atMs);
  }

  /** Forgets everything; nothing acts any more. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#times.length = 0;
    this.#items.length = 0;
  }

  #sleepUntil(atMs: number): void {
    clearTimeout(this.#timer);
    this.#wakeAtMs = atMs;
    const sleepMs = Math.max(roundMs, Math.ceil(atMs - performance.now()));
    this.#timer = setTimeout(() => this.#round(), sleepMs);
  }

  #round(): void {
    const nowMs = performance.now();
    this.#wakeAtMs = Number.NEGATIVE_INFINITY;
    while ((this.#times[0] ?? Number.POSITIVE_INFINITY) <= nowMs) this.#takeFirst().act(nowMs);
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    const nextMs = this.#times[0];
    if (nextMs !== undefined) this.#sleepUntil(nextMs);
  }

  #takeFirst(): Due {
    const first = this.#items[0] as Due;
    const lastMs = this.#times.pop() as number;
    const last = this.#items.pop() as Due;
    if (this.#times.length > 0) this.#sink(lastMs, last);
    return first;
  }

  #rise(from: number, atMs: number, item: Due): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if ((this.#times[parent] as number) <= atMs) break;
      this.#put(index, this.#times[parent] as number, this.#items[parent] as Due);
      index = parent;
    }
    this.#put(index, atMs, item);
  }

  #sink(atMs: number, item: Due): void {
    const length = this.#times.length;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= length) break;
      if (child + 1 < length && (this.#times[child + 1] as number) < (this.#times[child] as number))
        child += 1;
      if ((this.#times[child] as number) >= atMs) break;
      this.#put(index, this.#times[child] as number, this.#items[child] as Due);
      index = child;
    }
    this.#put(index, atMs, item);
  }

  #put(index: number, atMs: number, item: Due): void {
    this.#times[index] = atMs;
    this.#items[index] = item;
  }
}
