/** How many are let in, beside what the bucket would allow. */
import { rate, tokens } from '../../output/format.ts';
import { admitsTooFew, overLimit, refillShare } from '../figures.ts';
import { highestOf } from '../glyphs.ts';
import { type Sample, windowsMin } from '../history.ts';
import { type Line, part } from '../text.ts';
import type { Pane, View } from '../view.ts';
import { cellsBeside, compactLine, spark } from './parts.ts';

/** Columns before the sparklines, and behind them for the value. */
const labelWidth = 10;
const valueWidth = 17;

export const admissionPane: Pane = {
  name: 'admission',
  number: 2,
  heading: 'ADMISSION',
  column: 'left',
  minHeight: 5,
  figures: ({ snapshot }) => {
    const share = Math.round(refillShare(snapshot) * 100);
    const refill = rate(snapshot.bucket.refillPerSec.now);
    const over = rate(overLimit(snapshot));
    return `  ${rate(snapshot.admitPerSec)}/s   ${share}% of refill ${refill}/s   over limit ${over}/s`;
  },
  right: ({ windowMin }) => `${windowMin}m`,
  lines: (view, { columns }) => {
    const { snapshot, history, nowMs, windowMin } = view;
    const { bucket } = snapshot;
    const cells = Math.max(1, columns - labelWidth - valueWidth);
    const highest = (field: keyof Sample): number =>
      highestOf(history.cells(field, { nowMs, windowMin, cells }));
    // One scale for both, so that they can be compared.
    const rates = Math.max(highest('admitPerSec'), highest('refillPerSec'));
    const rows: readonly [string, keyof Sample, string, number?][] = [
      ['admit/s', 'admitPerSec', rate(snapshot.admitPerSec), rates],
      ['refill/s', 'refillPerSec', rate(bucket.refillPerSec.now), rates],
      ['tokens', 'tokens', `${tokens(bucket.tokens)}/${tokens(bucket.capacity.now)}`, bucket.capacity.now],
      ['join/s', 'joinPerSec', rate(snapshot.joinPerSec)],
    ];
    return rows.map(
      ([label, field, value, most]): Line => [
        part(` ${label.padEnd(labelWidth - 1)}`),
        spark(view, most === undefined ? { field, cells } : { field, cells, most }),
        part(`   ${value}`),
      ],
    );
  },
  compact: (view) => {
    const { snapshot, glyphs } = view;
    const share = `${Math.round(refillShare(snapshot) * 100)}% of refill`;
    const perSec = `${shortRate(snapshot.admitPerSec)}/s`;
    return compactLine('ADMITTED', perSec, 'plain', [
      spark(view, { field: 'admitPerSec', cells: cellsBeside(perSec) }),
      part(`  ${share.padEnd(15)}`, admitsTooFew(snapshot) ? 'warn' : 'plain'),
      part(windowChoice(view), 'dim'),
      part(`  ${glyphs.gap} = no data`, 'dim'),
    ]);
  },
};

/** `[1m] 5m 15m`: the window of all charts. */
const windowChoice = ({ windowMin }: View): string =>
  windowsMin.map((each) => (each === windowMin ? `[${each}m]` : `${each}m`)).join(' ');

/** At most five characters. */
const shortRate = (perSec: number): string => (perSec < 999.5 ? rate(perSec) : String(Math.round(perSec)));
