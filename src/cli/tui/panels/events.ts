/** Chooses another event to watch: type a part of its name, Enter goes there. */
import type { EventView } from '../../../contract/admin-api.ts';
import { count, rate } from '../../output/format.ts';
import { stateOf } from '../../watch/line-row.ts';
import type { Press } from '../keys.ts';
import { cell, type Line, line, part, type Size } from '../text.ts';
import { moved, offsetOf } from './list.ts';
import type { Panel, Seat } from './panel.ts';

/** Arrows only: letters are the filter. */
const arrows = new Set(['up', 'down', 'pageup', 'pagedown', 'home', 'end']);

/** Columns of all but the id and the name: cursor, gaps, state, figures, alarm. */
const besideNames = 43;

export class EventsPanel implements Panel {
  readonly footer = 'type to filter  arrows move  Enter watch  Esc back';
  readonly isTyping = true;
  private readonly open: (event: string) => void;
  private readonly seat: Pick<Seat, 'changed'>;
  private events: readonly EventView[] | undefined;
  private problem = '';
  private filter = '';
  private at = 0;
  private page = 10;

  constructor(seat: Pick<Seat, 'api' | 'changed'>, open: (event: string) => void) {
    this.seat = seat;
    this.open = open;
    seat.api.listEvents().then(
      ({ items }) => this.loaded(items),
      (error: unknown) => this.loaded([], error instanceof Error ? error.message : String(error)),
    );
  }

  press(press: Press): 'kept' | 'close' | 'pass' {
    if (press.name === 'escape') return 'close';
    if (press.name.startsWith('ctrl-')) return 'pass';
    const shown = this.shown();
    if (press.name === 'return') {
      const chosen = shown[this.at];
      if (chosen === undefined) return 'kept';
      this.open(chosen.event);
      return 'close';
    }
    const next = arrows.has(press.name)
      ? moved(press, { at: this.at, length: shown.length, page: this.page })
      : undefined;
    if (next !== undefined) this.at = next;
    else if (press.name === 'backspace') this.setFilter([...this.filter].slice(0, -1).join(''));
    else if (press.text !== '') this.setFilter(this.filter + press.text);
    return 'kept';
  }

  paste(text: string): void {
    this.setFilter(this.filter + text.replace(/\p{Cc}/gu, ''));
  }

  lines({ columns, rows }: Size): Line[] {
    const shown = this.shown();
    this.page = Math.max(1, rows - 4);
    const offset = offsetOf({ at: this.at, rows: this.page, length: shown.length });
    // Names give way, never numbers.
    const forNames = Math.max(0, columns - besideNames);
    const nameWidth = Math.max(0, Math.min(18, forNames - 12));
    const idWidth = Math.min(32, forNames - nameWidth);
    const state = this.problem || (this.events === undefined ? 'reading' : `${shown.length} events`);
    const heads = `   ${cell('EVENT', idWidth)}  ${cell('NAME', nameWidth)}  STATE       WAITING    ADMIT/S`;
    return [
      [part(' EVENTS', 'bold'), part(`   filter: ${this.filter}_   `), part(state, 'dim')],
      line(''),
      line(heads, 'dim'),
      ...shown.slice(offset, offset + this.page).map((event, at): Line => {
        const isHere = offset + at === this.at;
        const figures = `${stateOf(event).padEnd(9)} ${count(event.waiting).padStart(9)} ${rate(event.admitPerSec).padStart(10)}`;
        const text = ` ${isHere ? '>' : ' '} ${cell(event.event, idWidth)}  ${cell(event.name, nameWidth)}  ${figures}`;
        return [
          part(text, isHere ? 'mark' : 'plain'),
          part(event.alarm === null ? '' : `  ${event.alarm}`, event.alarm === 'crit' ? 'bad' : 'warn'),
        ];
      }),
    ];
  }

  private loaded(items: readonly EventView[], problem = ''): void {
    this.events = items;
    this.problem = problem;
    this.seat.changed();
  }

  private setFilter(filter: string): void {
    this.filter = filter.slice(0, 64);
    this.at = 0;
    this.seat.changed();
  }

  private shown(): readonly EventView[] {
    const wanted = this.filter.toLowerCase();
    return (this.events ?? []).filter(({ event, name }) => `${event} ${name}`.toLowerCase().includes(wanted));
  }
}
