/** One visitor's story: when they came, what they were told, and what they would be told now. */
import stringWidth from 'string-width';
import type { KeyValue } from '../../commands/key-values.ts';
import { storyLines } from '../../commands/queue/visitor.ts';
import type { Press } from '../keys.ts';
import { labelWidth, pair } from '../modal/modal-lines.ts';
import { cut, type Line, line, part, type Size } from '../text.ts';
import { moved } from './list.ts';
import type { Panel, Seat } from './panel.ts';

/** Reads it, and again each few seconds while it is open. */
const readEveryMs = 2_000;

export class StoryPanel implements Panel {
  readonly footer = 'j/k scroll  PgUp/PgDn page  Esc back';
  private readonly seat: Seat;
  private readonly ref: string;
  private story: readonly KeyValue[] = [];
  /** First line in sight. */
  private at = 0;
  private seen = { lines: 0, page: 1 };
  private problem = 'reading';
  private askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(seat: Seat, ref: string) {
    this.seat = seat;
    this.ref = ref;
    this.tick();
  }

  press(press: Press): 'kept' | 'close' | 'pass' {
    if (press.name === 'escape' || press.name === 'return') return 'close';
    const { lines, page } = this.seen;
    const next = moved(press, { at: this.at, length: Math.max(0, lines - page) + 1, page });
    if (next === undefined) return 'pass';
    this.at = next;
    return 'kept';
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

  lines({ columns, rows }: Size): Line[] {
    const text = this.story.flatMap(([name, value]) => wrapped(name, value, columns));
    const page = Math.max(1, rows - 2);
    this.seen = { lines: text.length, page };
    this.at = Math.min(this.at, Math.max(0, text.length - page));
    const shown = text.slice(this.at, this.at + page);
    const where =
      shown.length < text.length ? `lines ${this.at + 1}-${this.at + shown.length} of ${text.length}   ` : '';
    const head = [part(` VISITOR ${this.ref}`, 'bold'), part(`   ${where}${this.problem}`, 'dim')];
    return [head, line(''), ...shown];
  }
}

/** A name and its value on as many lines as the value needs, nothing lost, blanks at its start kept. */
function wrapped(name: string, value: string, columns: number): Line[] {
  const room = Math.max(1, columns - labelWidth - 3);
  const lines: Line[] = [];
  let rest = value;
  do {
    const text = cut(rest, room) || rest;
    lines.push(pair(lines.length === 0 ? name : '', text, columns));
    rest = rest.slice(text.length);
  } while (stringWidth(rest) > 0);
  return lines;
}
