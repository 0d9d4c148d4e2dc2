/** Reads the part of the line that snapshots do not carry, at most once a second, while it is in sight. */
import type { AdminApi } from '../admin-api.ts';
import type { Page } from './table.ts';

const everyMs = 1_000;

export class PositionReader {
  page: Page | undefined;
  private askedAtMs = Number.NEGATIVE_INFINITY;
  private isAsking = false;
  private askedFrom = 0;

  /** Asks if it is due: at once for another part, else each second. `done` is told of every answer. */
  want(
    part: { from: number; limit: number } | undefined,
    {
      api,
      event,
      nowMs,
      done,
    }: { api: Pick<AdminApi, 'positions'>; event: string; nowMs: () => number; done: () => void },
  ): void {
    if (part === undefined) {
      this.page = undefined;
      return;
    }
    const isOther = part.from !== this.askedFrom;
    if (this.isAsking || (!isOther && nowMs() - this.askedAtMs < everyMs)) return;
    // However fast somebody pages, no more than a few questions a second.
    if (nowMs() - this.askedAtMs < everyMs / 4) return;
    this.isAsking = true;
    this.askedAtMs = nowMs();
    this.askedFrom = part.from;
    api
      .positions(event, part)
      .then(({ items }) => {
        const rows = items.filter(({ position }) => position !== null);
        this.page = { from: part.from, rows, atMs: nowMs() };
      })
      .catch(() => {
        // The page stays with its age; the next second asks again.
      })
      .finally(() => {
        this.isAsking = false;
        done();
      });
  }
}
