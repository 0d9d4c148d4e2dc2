/** A plan as text: what would change, what follows, and what stands in the way. Pure; 80 columns. */
import stringWidth from 'string-width';
import type { Consequence, EventPlan, Plan } from '../contract/actions.ts';
import type { ChangeRow, PlainValue } from '../contract/audit.ts';
import { formatDuration } from './duration.ts';
import { clean } from './output/clean.ts';
import { count, plain, rate } from './output/format.ts';
import { endsNobody, warningsOf } from './plan-warnings.ts';

/** Where a plan is for. */
export interface PlanPlace {
  /** Short name of the server's environment, such as PROD. */
  readonly badge: string;
  readonly context: string;
}

const indent = '   ';
const width = 80;
/** Cells of this width go two a line. */
const cellWidth = 37;
const gap = 3;

/** The context line with the plan's hash, then everything that the plan says; each line ended. */
export function planText(plan: Plan, place: PlanPlace): string {
  const lines = [headLine(plan, place), ...planLines(plan)];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** As planText without its first line: for screens that have a head of their own. */
export function planLines(plan: Plan): string[] {
  const [only, second] = plan.items;
  const isOne = only !== undefined && second === undefined;
  return [
    ...(isOne ? eventLines(plan, only) : plan.items.flatMap((item) => severalLines(plan, item))),
    ...noteLines('warning', plan.warnings),
    ...(plan.undoSec > 0 && plan.items.some((item) => !item.unchanged && !endsNobody(plan, item))
      ? noteLines('undo', [`for ${briefly(plan.undoSec)}`])
      : []),
    ...(isOne && endsNobody(plan, only) ? [] : noteLines('IRREVERSIBLE', plan.irreversible)),
  ];
}

/** A setting before and after: `refill 50.0/s -> 80.0/s (+60%)` as name and value. */
export function rowText({ name, unit, before, after }: ChangeRow): { name: string; value: string } {
  if (name.endsWith('IsDefault') && typeof after === 'boolean') {
    const words = after ? 'follows the refill' : 'does not follow the refill';
    const same = before === after ? ' (same)' : '';
    return { name: labelOf(name.slice(0, -'IsDefault'.length)), value: words + same };
  }
  const from = valueText(before, unit);
  const to = valueText(after, unit);
  const value = from === to ? `${from} (same)` : `${from} -> ${to}${percent(before, after, unit)}`;
  return { name: labelOf(name), value };
}

/** A value in its unit: `50.0/s`, `6m14s`, `18,234`, `yes`. */
export function valueText(value: PlainValue, unit: ChangeRow['unit']): string {
  if (value === null || value === '') return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return unit === 'time' ? clean(value).replace(/\.\d+Z$/, 'Z') : clean(value);
  if (unit === 'perSec') return `${rate(value)}/s`;
  if (unit === 'sec') return formatDuration(value);
  if (unit === 'percent') return `${plain(value)}%`;
  return unit === 'places' || unit === 'people' ? count(value) : plain(value);
}

/** A name as people say it: `refillPerSec` is refill, `emptyInSec` empty in, `waitingIn60Sec` waiting in 60s. */
export function labelOf(name: string): string {
  const words = clean(name)
    .replace(/(\d+)Sec$/, ' $1s')
    .replace(/(PerSec|Sec|Percent)$/, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[-_.]/g, ' ');
  return words.toLowerCase();
}

/** `15m`, `1h`, `1m30s`: a duration without parts that are zero. */
export const briefly = (sec: number): string => formatDuration(sec).replace(/(?<=[hm])00[ms]$/, '');

function headLine({ hash, items, dataAgeSec }: Plan, { badge, context }: PlanPlace): string {
  const [only, second] = items;
  const isOne = only !== undefined && second === undefined;
  const subject = isOne ? (only.event ?? only.subject ?? 'all events') : `${items.length} events`;
  const version = isOne && only.revision > 0 ? `version ${only.revision}, ` : '';
  return ` ${badge}  ${clean(context)} / ${clean(subject)}   plan ${shortHash(hash)}  (${version}data ${dataAgeSec.toFixed(1)}s old)`;
}

/** Enough of the hash to tell two plans apart by eye. */
const shortHash = (hash: string): string =>
  clean(hash)
    .replace(/^sha256[:-]/, '')
    .slice(0, 4);

function eventLines(plan: Plan, item: EventPlan): string[] {
  const warnings = noteLines('warning', [...item.warnings, ...warningsOf(plan, item)]);
  if (item.unchanged) return [...noteLines('no change', ['it is so already']), ...warnings];
  if (endsNobody(plan, item)) {
    return [...noteLines('no change', ['nobody is there whom it would end']), ...warnings];
  }
  const cells = [...item.rows.map((row) => cellOf(rowText(row))), ...consequenceCells(item.consequences)];
  const touched = item.people > 0 ? [`${count(item.people)} whose place or wait it touches`] : [];
  return [
    ...pairUp(cells),
    ...noteLines('people', touched),
    ...warnings,
    ...noteLines('refused', item.refusals.map(refusalText)),
  ];
}

const severalLines = (plan: Plan, item: EventPlan): string[] => [
  `  ${clean(item.event ?? 'all events')}  (version ${item.revision})`,
  ...eventLines(plan, item),
];

const refusalText = ({ text, canOverride }: EventPlan['refusals'][number]): string =>
  canOverride ? `${text} (--override, role admin, passes it)` : text;

/**
 * What stays as it is goes without saying, but for the sum of all events; the budget stands behind that sum, and people
 * have a line of their own.
 */
function consequenceCells(all: readonly Consequence[]): string[] {
  const budget = all.find(({ code }) => code === 'budget');
  const hasSum = all.some(({ code }) => code === 'allEvents');
  const shown = all.filter(({ code, unit, before, after }) => {
    if (code === 'allEvents') return true;
    if (code === 'people' || (code === 'budget' && hasSum)) return false;
    return valueText(before, unit) !== valueText(after, unit);
  });
  return shown.map((each) => {
    const bound = each.code === 'allEvents' && budget !== undefined ? budget.after : null;
    return consequenceCell(each) + (bound === null ? '' : ` of ${valueText(bound, each.unit)}`);
  });
}

/** Shares are rough: a tilde says so. The model's name is in the machine formats. */
function consequenceCell({ code, unit, before, after, model }: Consequence): string {
  const rough = model === 'share' ? '~' : '';
  const to = valueText(after, unit);
  const name = labelOf(code);
  if (before === null) return cellOf({ name, value: `${rough}${to}` });
  const from = valueText(before, unit);
  return cellOf({ name, value: from === to ? `${from} (same)` : `${from} -> ${rough}${to}` });
}

const cellOf = ({ name, value }: { name: string; value: string }): string => `${name.padEnd(9)} ${value}`;

/** Two cells a line where both are short; long ones have a line of their own. */
function pairUp(cells: readonly string[]): string[] {
  const lines: string[] = [];
  let left: string | undefined;
  for (const cell of cells) {
    const isShort = stringWidth(cell) <= cellWidth;
    if (left !== undefined && isShort) {
      lines.push(`${indent}${left}${' '.repeat(cellWidth + gap - stringWidth(left))}${cell}`);
      left = undefined;
    } else {
      if (left !== undefined) lines.push(indent + left);
      left = isShort ? cell : undefined;
      if (!isShort) lines.push(indent + cell);
    }
  }
  return left === undefined ? lines : [...lines, indent + left];
}

/** Sentences below a label, wrapped. */
function noteLines(label: string, texts: readonly string[]): string[] {
  const head = `${indent}${label.padEnd(9)} `;
  return texts.flatMap((text) =>
    wrap(clean(text), width - head.length).map(
      (line, at) => (at === 0 ? head : ' '.repeat(head.length)) + line,
    ),
  );
}

function wrap(text: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && stringWidth(`${last} ${word}`) <= most)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function percent(before: PlainValue, after: PlainValue, unit: ChangeRow['unit']): string {
  if (typeof before !== 'number' || typeof after !== 'number' || before === 0) return '';
  if (unit !== 'perSec' && unit !== 'tokens' && unit !== 'places') return '';
  const share = Math.round((after / before - 1) * 100);
  return share === 0 ? '' : `  (${share > 0 ? '+' : ''}${share}%)`;
}
