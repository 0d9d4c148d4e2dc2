/** What happened within the last minute, by this machine's monotonic clock. */
const minuteMs = 60_000;

/** Values of the last minute, and their p99. */
export class LastMinute {
  private values: { readonly atMs: number; readonly value: number }[] = [];

  add(value: number, atMs: number = performance.now()): void {
    this.values.push({ atMs, value });
    if (this.values.length > 1_000) this.drop(atMs);
  }

  /** To two decimals; null where there is no value. */
  p99(atMs: number = performance.now()): number | null {
    this.drop(atMs);
    const sorted = this.values.map(({ value }) => value).sort((a, b) => a - b);
    const worst = sorted[Math.ceil(sorted.length * 0.99) - 1];
    return worst === undefined ? null : Math.round(worst * 100) / 100;
  }

  private drop(atMs: number): void {
    this.values = this.values.filter((one) => atMs - one.atMs <= minuteMs);
  }
}

/** How far a counter has risen within the last minute; while it is watched for less, within that time. */
export class RisingCount {
  private readings: { readonly atMs: number; readonly count: number }[] = [];

  /** What was counted last. */
  get latest(): number | undefined {
    return this.readings.at(-1)?.count;
  }

  add(count: number, atMs: number = performance.now()): void {
    // One that fell was reset: what it counted before is over.
    if (count < (this.latest ?? 0)) this.readings = [{ atMs, count: 0 }];
    this.readings.push({ atMs, count });
    while (atMs - (this.readings[1]?.atMs ?? atMs) >= minuteMs) this.readings.shift();
  }

  /** null before the first reading. */
  perMinute(): number | null {
    const first = this.readings[0];
    return first === undefined ? null : (this.latest ?? first.count) - first.count;
  }
}
