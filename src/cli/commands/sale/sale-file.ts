/** A sale's file, read and checked, as the action that the server takes and as the model's input. */
import type { Action, SaleStep } from '../../../contract/actions.ts';
import type { BucketItem } from '../../../contract/admin-api.ts';
import { type SaleFile, type SaleStepFile, saleFileSchema } from '../../../contract/sale.ts';
import type { SaleModel } from '../../../forecast/sale.ts';
import { parseDuration } from '../../duration.ts';
import { usageError } from '../../errors.ts';
import { readGiven } from '../../given-file.ts';
import type { Runtime } from '../../runtime.ts';
import { issueText } from './file-issue.ts';

type SaleApply = Extract<Action, { type: 'sale.apply' }>;

/** Where nobody says how fast they come: all within so long, s. */
const rushSec = 10;

/** A file's content and what is sent of it. */
export interface Sale {
  readonly file: SaleFile;
  readonly action: SaleApply;
  /** In the order of their time. */
  readonly steps: readonly SaleStep[];
}

/** Reads a file; `-` = standard input. @throws CliError (usage) naming the line of what is wrong */
export async function readSale(runtime: Runtime, path: string): Promise<Sale> {
  const text = path === '-' ? await runtime.readStdin() : readGiven(path, path);
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text);
  const [broken] = document.errors;
  if (broken !== undefined) {
    const why = broken.message.split('\n')[0]?.replace(/:$/, '');
    throw usageError(`${path} is not YAML: ${why}`, 'tacos schema Sale');
  }
  const data: unknown = document.toJS();
  const parsed = saleFileSchema.safeParse(data);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const why = issue === undefined ? parsed.error.message : issueText(issue, data);
    throw usageError(`${path}: ${why}`, 'tacos schema Sale');
  }
  return saleOf(path, parsed.data);
}

function saleOf(path: string, file: SaleFile): Sale {
  const opensMs = Date.parse(file.opensAt);
  if (file.prequeueFrom !== undefined && Date.parse(file.prequeueFrom) > opensMs)
    throw usageError(`${path}: prequeueFrom is after opensAt: it is when people may join before the opening`);
  const steps = file.steps
    .flatMap((step, index) => partsOf(path, { step, name: String(index + 1), opensMs }))
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const endsAt = iso(opensMs + parseDuration('lasts', file.lasts));
  const action: SaleApply = {
    type: 'sale.apply',
    opensAt: iso(opensMs),
    ...(file.prequeueFrom === undefined ? {} : { prequeueFrom: iso(Date.parse(file.prequeueFrom)) }),
    endsAt,
    visitors: file.visitors,
    steps,
  };
  return { file, action, steps };
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** One action for each thing that a step changes. */
function partsOf(
  path: string,
  { step, name, opensMs }: { readonly step: SaleStepFile; readonly name: string; readonly opensMs: number },
): SaleStep[] {
  const { refill, capacity, ramp, for: limit, window, message, hpa } = step;
  const wrong = (text: string): Error => usageError(`${path}: step ${name}: ${text}`, 'tacos schema Sale');
  const seconds = (field: string, text: string | undefined): number | undefined =>
    text === undefined ? undefined : parseDuration(`${path}: step ${name}: ${field}`, text) / 1000;
  const [rampSec, forSec] = [seconds('ramp', ramp), seconds('for', limit)];
  const isBucket = refill !== undefined || capacity !== undefined;
  if (!isBucket && window === undefined && message === undefined && hpa === undefined)
    throw wrong('it changes nothing: give refill, capacity, window, message or hpa');
  if (rampSec !== undefined && !isBucket) throw wrong('ramp is for refill and capacity');
  if (forSec !== undefined && !isBucket && message === undefined)
    throw wrong('for is for refill, capacity and message');
  if (rampSec !== undefined && forSec !== undefined && rampSec > forSec)
    throw wrong('ramp is longer than for: it would never get there');
  const at = iso(momentOf(step.at, opensMs));
  const limited = forSec === undefined ? {} : { forSec };
  const parts: SaleStep[] = [];
  if (isBucket) {
    const values = {
      ...(refill === undefined ? {} : { refillPerSec: refill }),
      ...(capacity === undefined ? {} : { capacity }),
      ...(rampSec === undefined ? {} : { rampSec }),
    };
    parts.push({ id: `${name}.bucket`, at, action: { type: 'bucket.set', ...values, ...limited } });
  }
  if (window !== undefined)
    parts.push({ id: `${name}.window`, at, action: { type: 'settings.set', window } });
  if (message !== undefined)
    parts.push({ id: `${name}.message`, at, action: { type: 'queue.message', text: message, ...limited } });
  if (hpa !== undefined) {
    const holdSec = seconds('hpa.hold', hpa.hold);
    const held = holdSec === undefined ? {} : { holdSec };
    parts.push({ id: `${name}.hpa`, at, action: { type: 'hpa.patch', min: hpa.min, ...held } });
  }
  return parts;
}

/** `-10m` before the opening, `5m` after it, or a time of its own. */
function momentOf(at: string, opensMs: number): number {
  if (/^\d{4}-/.test(at)) return Date.parse(at);
  const size = at.replace(/^[+-]/, '');
  const ms = /^0+(\.0+)?(ms|s|m|h)$/.test(size) ? 0 : parseDuration('at', size);
  return opensMs + (at.startsWith('-') ? -ms : ms);
}

/** What the model is given of it; `bucket`: the event as it is now. */
export function modelOf({ file, action, steps }: Sale, bucket: BucketItem): SaleModel {
  const opensMs = Date.parse(action.opensAt);
  const beginsMs = action.prequeueFrom === undefined ? opensMs : Date.parse(action.prequeueFrom);
  return {
    visitors: file.visitors,
    joinPerSec: file.joinRate ?? Math.max(1, file.visitors / rushSec),
    openAtSec: (opensMs - beginsMs) / 1000,
    noShow: file.noShow ?? 0,
    refillPerSec: bucket.refillPerSec.target,
    capacity: bucket.capacity.target,
    capacityIsDefault: bucket.capacityIsDefault,
    steps: steps.flatMap(({ at, action: { type, ...rest } }) =>
      type === 'bucket.set' ? [{ ...rest, atSec: (Date.parse(at) - beginsMs) / 1000 }] : [],
    ),
  };
}
