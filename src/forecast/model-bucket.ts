/** The token bucket of the model: asked forwards in time, exact between the corners of its two courses. */
import { Curve, type RatePiece } from './curve.ts';

/** What it stands on. */
export interface ModelBucketParts {
  /** At time 0. */
  readonly tokens: number;
  /** Tokens that it holds, over time; pieces as of the refill. */
  readonly room: readonly RatePiece[];
  readonly refill: readonly RatePiece[];
  /** It always holds so many: what one entry of the model takes. */
  readonly roomMin: number;
}

export class ModelBucket {
  private readonly refill: Curve;
  private readonly room: readonly RatePiece[];
  private readonly roomMin: number;
  private tokens: number;
  /** Refill that is in `tokens`, or was cut. */
  private refilled = 0;
  /** The first corner of the room that is to come. */
  private corner = 0;

  constructor({ tokens, room, refill, roomMin }: ModelBucketParts) {
    this.refill = new Curve(refill);
    this.room = room;
    this.roomMin = roomMin;
    this.tokens = Math.min(tokens, Math.max(room[0]?.perSec ?? 0, roomMin));
  }

  /** Takes so many, at most `roomMin`, as soon as they are there, from `sec` on. Returns when; Infinity = never. */
  take(count: number, sec: number): number {
    // What is above a lowered capacity is lost at that moment; a raise adds nothing.
    this.passCorners(sec, (at, holds) => this.settle(at, holds));
    this.settle(sec, this.roomAt(sec));
    let atSec = sec;
    if (this.tokens < count) {
      this.refilled += count - this.tokens;
      atSec = this.refill.when(this.refilled);
      this.tokens = count;
      // Meanwhile it was all but empty: nothing was above any capacity.
      this.passCorners(atSec, () => {});
    }
    this.tokens -= count;
    return atSec;
  }

  private passCorners(untilSec: number, pass: (atSec: number, holds: number) => void): void {
    for (; this.corner < this.room.length; this.corner += 1) {
      const { atSec = 0, perSec: holds = 0 } = this.room[this.corner] ?? {};
      if (atSec > untilSec) return;
      pass(atSec, holds);
    }
  }

  private settle(sec: number, holds: number): void {
    const total = this.refill.totalAt(sec);
    this.tokens = Math.min(Math.max(holds, this.roomMin), this.tokens + total - this.refilled);
    this.refilled = total;
  }

  private roomAt(sec: number): number {
    const before = this.room[this.corner - 1];
    const next = this.room[this.corner];
    if (before === undefined || next === undefined) return (before ?? next)?.perSec ?? 0;
    return (
      before.perSec + ((sec - before.atSec) / (next.atSec - before.atSec)) * (next.perSec - before.perSec)
    );
  }
}
