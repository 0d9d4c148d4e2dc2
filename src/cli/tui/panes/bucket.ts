/** The bucket: tokens, refill, what limits them in time. */
import type { AuditEntry } from '../../../contract/audit.ts';
import { formatDuration } from '../../duration.ts';
import { plain, rate, tokens } from '../../output/format.ts';
import { brakeShort, brakeText } from '../../watch/brake-text.ts';
import { clockTime } from '../../watch/zone-time.ts';
import { filling, fullPercent } from '../figures.ts';
import { bar } from '../glyphs.ts';
import { line, part } from '../text.ts';
import type { Pane, View } from '../view.ts';
import { cellsBeside, compactLine } from './parts.ts';

const wideCells = 22;

export const bucketPane: Pane = {
  name: 'bucket',
  heading: 'BUCKET',
  column: 'right',
  minHeight: 4,
  figures: ({ snapshot }) => `  v${snapshot.bucket.revision}`,
  lines: (view) => {
    const { snapshot, glyphs, changes } = view;
    const percent = fullPercent(snapshot);
    const { fullIn } = filling(snapshot);
    const setBy = changes.find(setsRefill);
    const brake = brakeText(snapshot);
    const when =
      setBy === undefined ? '' : `  set ${clockTime(setBy.at, snapshot.timeZone)} by ${setBy.actor}`;
    return [
      [
        part(` tokens ${level(view).padEnd(7)} `),
        part(bar(percent / 100, wideCells, glyphs), 'dim'),
        part(` ${percent}%`),
      ],
      brake === ''
        ? line(` refill ${rate(snapshot.bucket.refillPerSec.now)}/s${rampText(view)}${when}`)
        : [part(` ${brake}`, 'warn')],
      [part(` ${(fullIn || '-').padEnd(15)} `), part(overrideText(view), isLimited(view) ? 'warn' : 'plain')],
    ];
  },
  compact: (view) => {
    const percent = fullPercent(view.snapshot);
    const { gain, fullIn } = filling(view.snapshot);
    const brake = brakeShort(view.snapshot);
    const special = isLimited(view) ? overrideText(view) : rampText(view).trim();
    if (brake !== '') {
      return compactLine('BUCKET', level(view), 'plain', [
        part(bar(percent / 100, cellsBeside(level(view)), view.glyphs), 'dim'),
        part(`  ${`${percent}%`.padEnd(5)}`),
        part(brake, 'warn'),
      ]);
    }
    return compactLine('BUCKET', level(view), 'plain', [
      part(bar(percent / 100, cellsBeside(level(view)), view.glyphs), 'dim'),
      part(`  ${`${percent}%`.padEnd(5)}${gain.padEnd(9)}`),
      part(special === '' ? fullIn : special, special === '' ? 'plain' : 'warn'),
    ]);
  },
};

const level = ({ snapshot: { bucket } }: View): string =>
  `${tokens(bucket.tokens)}/${tokens(bucket.capacity.now)}`;

const isLimited = ({ snapshot }: View): boolean => limitOf(snapshot.bucket) !== undefined;

type Bucket = View['snapshot']['bucket'];

/** What ends at a time: the refill's limit, else the capacity's. */
function limitOf({ refillPerSec, capacity }: Bucket): { until: string; after: string } | undefined {
  const { until, after } = refillPerSec;
  if (until !== undefined) return { until, after: after === undefined ? '' : `${plain(after)}/s` };
  if (capacity.until === undefined) return undefined;
  return { until: capacity.until, after: capacity.after === undefined ? '' : tokens(capacity.after) };
}

/** `override none`, or what comes when: `4m12s, then 50/s`. */
function overrideText({ snapshot, serverNowMs }: View): string {
  const limit = limitOf(snapshot.bucket);
  if (limit === undefined) return 'override none';
  const left = formatDuration((Date.parse(limit.until) - serverNowMs) / 1000);
  return `override ${left}${limit.after === '' ? '' : `, then ${limit.after}`}`;
}

/** ` -> 80/s`, where a ramp goes. */
function rampText({ snapshot }: View): string {
  const { now, target } = snapshot.bucket.refillPerSec;
  return now === target ? '' : ` -> ${plain(target)}/s`;
}

const setsRefill = ({ rows }: AuditEntry): boolean => rows.some(({ name }) => name === 'refillPerSec');
