/** The audit trail: a list, and one record in full. */
import type { AuditEntry } from '../../../contract/audit.ts';
import { labelOf, rowText, valueText } from '../../plan-text.ts';
import { dateZoneTime, dayTime } from '../../watch/zone-time.ts';
import type { Press } from '../keys.ts';
import { summaryOf } from '../panes/changes.ts';
import { cell, type Line, line, part, type Size } from '../text.ts';
import { moved, offsetOf } from './list.ts';
import type { Panel, Seat } from './panel.ts';
import { ScrolledRows } from './rows.ts';

/** Records read at a time; the next ones when the cursor comes to the end. */
const pageLimit = 100;

type AuditSeat = Pick<Seat, 'api' | 'event' | 'changed' | 'snapshot' | 'serverNowMs'>;

export class AuditPanel implements Panel {
  get footer(): string {
    return this.opened === undefined ? 'j/k move  Enter record  Esc back' : 'j/k scroll  Esc back';
  }

  private readonly seat: AuditSeat;
  private entries: readonly AuditEntry[] = [];
  private state = 'reading';
  private isWhole = false;
  private isReading = false;
  private at = 0;
  private page = 10;
  private opened: AuditEntry | undefined;
  /** Of the record that is open. */
  private record = new ScrolledRows();

  /** With an entry it shows that one at once. */
  constructor(seat: AuditSeat, opened?: AuditEntry) {
    this.seat = seat;
    this.opened = opened;
    void this.read();
  }

  press(press: Press): 'kept' | 'close' | 'pass' {
    if (press.name === 'escape' || press.name === 'L') {
      if (this.opened === undefined) return 'close';
      this.opened = undefined;
      return 'kept';
    }
    if (press.name === 'return') {
      this.opened = this.opened === undefined ? this.entries[this.at] : undefined;
      this.record = new ScrolledRows();
      return 'kept';
    }
    if (this.opened !== undefined) return this.record.press(press) ? 'kept' : 'pass';
    const next = moved(press, { at: this.at, length: this.entries.length, page: this.page });
    if (next === undefined) return 'pass';
    this.at = next;
    if (next >= this.entries.length - 1) void this.read();
    return 'kept';
  }

  lines(size: Size): Line[] {
    const { columns, rows } = size;
    const zone = this.seat.snapshot()?.timeZone;
    if (this.opened !== undefined) {
      return this.record.lines(entryRows(this.opened, zone), { title: this.opened.auditId, size });
    }
    this.page = Math.max(1, rows - 2);
    const offset = offsetOf({ at: this.at, rows: this.page, length: this.entries.length });
    const timeOf = ({ at }: AuditEntry): string =>
      dayTime(at, { nowMs: this.seat.serverNowMs(), timeZone: zone });
    const shown = this.entries.slice(offset, offset + this.page);
    // Dates cost the changes room, so they have it only where there are some.
    const timeWidth = 2 + Math.max(8, ...shown.map((entry) => timeOf(entry).length));
    const room = Math.max(10, columns - 36 - timeWidth);
    return [
      [part(' AUDIT', 'bold'), part(`   ${this.state}`, 'dim')],
      line(`   ${cell('TIME', timeWidth)}${cell('ACTOR', 12)}${cell('CHANGE', room)}  AUDIT ID`, 'dim'),
      ...shown.map((entry, at): Line => {
        const isHere = offset + at === this.at;
        const why = entry.reason === '' ? '' : `  "${entry.reason}"`;
        const text = `${cell(timeOf(entry), timeWidth)}${cell(entry.actor, 11)} ${cell(summaryOf(entry) + why, room)}  ${entry.auditId}`;
        return [part(` ${isHere ? '>' : ' '} ${text}`, isHere ? 'mark' : 'plain')];
      }),
    ];
  }

  private async read(): Promise<void> {
    if (this.isWhole || this.isReading) return;
    this.isReading = true;
    const before = this.entries.at(-1)?.auditId;
    const { api, event } = this.seat;
    try {
      const query = { event, limit: pageLimit, ...(before === undefined ? {} : { before }) };
      const { items } = await api.audit(query);
      this.entries = [...this.entries, ...items];
      this.isWhole = items.length < pageLimit;
      this.state = `${this.entries.length}${this.isWhole ? '' : '+'} records`;
    } catch (error) {
      this.state = error instanceof Error ? error.message : String(error);
    }
    this.isReading = false;
    this.seat.changed();
  }
}

function entryRows(entry: AuditEntry, zone: string | undefined): [string, string][] {
  const { receipt, outcome } = entry;
  return [
    ['at', dateZoneTime(entry.at, zone)],
    ['actor', `${entry.actor} (${entry.role})`],
    ['with', entry.client],
    ['action', entry.action],
    ['change', summaryOf(entry)],
    ['reason', entry.reason || '-'],
    ...(entry.ticket === undefined ? [] : [['ticket', entry.ticket] as [string, string]]),
    ...entry.rows.map((row): [string, string] => {
      const { name, value } = rowText(row);
      return [name, value];
    }),
    ['version', String(entry.revision)],
    ...(receipt === undefined
      ? []
      : ([
          [
            'in force',
            `${receipt.inForce} of ${receipt.of} gateways after ${Math.round(receipt.afterMs)} ms`,
          ],
        ] as [string, string][])),
    ...(entry.undoneBy === undefined ? [] : [['undone by', entry.undoneBy] as [string, string]]),
    ...(entry.undoes === undefined ? [] : [['undoes', entry.undoes] as [string, string]]),
    ...(outcome?.rows ?? []).map(({ name, unit, predicted, actual }): [string, string] => [
      labelOf(name),
      `planned ${valueText(predicted, unit)}, came to ${valueText(actual, unit)}`,
    ]),
  ];
}
