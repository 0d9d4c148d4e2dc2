/** The line of `tacos sale check` about the last load test: did it pass lately, and with a rate like the sale's. */
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import type { Finding } from '../../../contract/doctor.ts';
import { formatDuration } from '../../duration.ts';
import { count } from '../../output/format.ts';

const check = 'loadtest';
/** A load test older than this says little of what runs today, ms. */
const ageMsMax = 14 * 86_400_000;
/** One that brought less than this share of the file's joins a second says little of the sale. */
const rateShareMin = 0.5;

const reportSchema = z.object({
  scenario: z.string().default('a load test'),
  passed: z.boolean(),
  partial: z.boolean().default(false),
  endedAt: z.string().optional(),
  requestsPerSec: z.number(),
  /** null = nobody looked while it ran. */
  peakPerSec: z.number().nullable().default(null),
});

/** The report as `tacos loadtest -o json` writes it, alone or as the document's item; `joinPerSec` is the file's. */
export function loadtestLine(
  file: string | undefined,
  { nowMs, joinPerSec }: { readonly nowMs: number; readonly joinPerSec: number },
): Finding {
  const says = (result: 'fail' | 'warn', text: string): Finding => ({
    ...{ check, result, event: null, text },
    next: commandFor(joinPerSec),
  });
  if (file === undefined) return says('fail', 'no report of a load test is given: --loadtest FILE');
  let data: unknown;
  let writtenMs: number;
  try {
    data = JSON.parse(readFileSync(file, 'utf8'));
    writtenMs = statSync(file).mtimeMs;
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'it is not JSON';
    return says('fail', `${file} cannot be read: ${why}`);
  }
  const parsed = z
    .union([z.object({ item: reportSchema }).transform(({ item }) => item), reportSchema])
    .safeParse(data);
  if (!parsed.success) return says('fail', `${file} is no report of a load test`);
  const { scenario, passed, partial, endedAt, requestsPerSec, peakPerSec } = parsed.data;
  const ageMs = nowMs - (endedAt === undefined ? writtenMs : Date.parse(endedAt));
  const ago = `${formatDuration(ageMs / 1000)} ago`;
  if (!passed || partial)
    return says('fail', `${scenario} ${partial ? 'was stopped before its end' : 'failed'}, ${ago}`);
  if (ageMs > ageMsMax) return says('fail', `${scenario} passed, but ${ago}`);
  // A join is one request, so a test of fewer requests had fewer joins too.
  const achieved = Math.max(requestsPerSec, peakPerSec ?? 0);
  const text = `${scenario} passed, ${ago}, with ${count(achieved)} requests/s at most`;
  const expected = `the file expects ${count(joinPerSec)} joins/s`;
  if (achieved < rateShareMin * joinPerSec)
    return says('fail', `${text}, and ${expected}: it does not tell whether this sale is borne`);
  if (scenario === 'smoke')
    return says('warn', `${text}; ${expected}: a smoke test tells that all works, not how much is borne`);
  return { check, result: 'pass', event: null, text: `${text}; ${expected}` };
}

/** The smallest one with as many requests a second as the file has joins. */
function commandFor(joinPerSec: number): string {
  if (joinPerSec <= 5_000) return 'tacos loadtest 5k';
  const scale = Math.ceil(joinPerSec / 30_000);
  return `tacos loadtest 30k${scale > 1 ? ` --scale ${scale}` : ''}`;
}
