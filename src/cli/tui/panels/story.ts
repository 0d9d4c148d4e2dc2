/** One visitor's story: when they came, what they were told, and what they would be told now. */
import type { KeyValue } from '../../commands/key-values.ts';
import { storyLines } from '../../commands/queue/visitor.ts';
import type { Press } from '../keys.ts';
import type { Line, Size } from '../text.ts';
import type { Panel, Seat } from './panel.ts';
import { ScrolledRows } from './rows.ts';

/** Reads it, and again each few seconds while it is open. */
const readEveryMs = 2_000;

export class StoryPanel implements Panel {
  readonly footer = 'j/k scroll  PgUp/PgDn page  Esc back';
  private readonly seat: Seat;
  private readonly ref: string;
  private story: readonly KeyValue[] = [];
  private readonly rows = new ScrolledRows();
  private problem = 'reading';
  private askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(seat: Seat, ref: string) {
    this.seat = seat;
    this.ref = ref;
    this.tick();
  }

  press(press: Press): 'kept' | 'close' | 'pass' {
    if (press.name === 'escape' || press.name === 'return') return 'close';
    return this.rows.press(press) ? 'kept' : 'pass';
  }

  tick(): void {
    const nowMs = this.seat.nowMs();
    if (nowMs - this.askedAtMs < readEveryMs) return;
    this.askedAtMs = nowMs;
    const timeZone = this.seat.snapshot()?.timeZone ?? 'UTC';
    this.seat.api.visitor(this.seat.event, this.ref).then(
      ({ item, asOf }) => {
        this.story = storyLines(item, { asOf, timeZone });
        this.problem = '';
        this.seat.changed();
      },
      (error: unknown) => {
        this.problem = error instanceof Error ? error.message : String(error);
        this.seat.changed();
      },
    );
  }

  lines(size: Size): Line[] {
    return this.rows.lines(this.story, { title: `VISITOR ${this.ref}`, note: this.problem, size });
  }
}
