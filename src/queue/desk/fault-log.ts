/**
 * Faults and alarms as they came and went, for the report on a sale: kept in Redis, the last ten thousand of all events,
 * by the one admin process that tells of alarms. What happened while there was none is not in it.
 */
import { z } from 'zod';
import { alarmSchema } from '../../contract/alarms.ts';
import type { SaleReport } from '../../contract/sale.ts';
import type { RedisClient } from '../../redis/client.ts';
import { globalKeys } from '../global-scripts.ts';

const entriesMax = 10_000;
const pageEntries = 2_000;
/** The alarm that says that gateways are behind the journal: they tell nobody to come in. */
const behindAlarm = 'replica-lag';

const entrySchema = z.discriminatedUnion('kind', [
  /** An alarm went on, changed its severity, or went off at `atMs`, Redis time as all of them. */
  z.object({
    kind: z.literal('alarm'),
    event: z.string(),
    atMs: z.number(),
    on: z.boolean(),
    alarm: alarmSchema,
  }),
  /** A master of Redis was replaced. */
  z.object({ kind: z.literal('failover'), atMs: z.number() }),
  /** Redis was not answered for the admin API from `fromMs` on. */
  z.object({ kind: z.literal('redis-away'), atMs: z.number(), fromMs: z.number() }),
  /** A gateway of the event went without a goodbye; `atMs`: when it was heard last. */
  z.object({ kind: z.literal('gateway-lost'), event: z.string(), atMs: z.number(), gateway: z.string() }),
]);
export type FaultEntry = z.infer<typeof entrySchema>;

/** What the report says of faults and alarms. */
export type FaultReport = Pick<SaleReport, 'faults' | 'alarms'>;

export class FaultLog {
  private readonly redis: RedisClient;

  constructor(redis: RedisClient) {
    this.redis = redis;
  }

  async append(entries: readonly FaultEntry[]): Promise<void> {
    for (const entry of entries) {
      const text = JSON.stringify(entry);
      await this.redis.xadd(globalKeys.faults, 'MAXLEN', '~', entriesMax, '*', 'entry', text);
    }
  }

  /** Oldest first. What another version wrote and this one cannot read is left out. */
  async read(): Promise<FaultEntry[]> {
    const entries: FaultEntry[] = [];
    for (let from = '-'; ; ) {
      const page = await this.redis.xrange(globalKeys.faults, from, '+', 'COUNT', pageEntries);
      for (const [, fields] of page) entries.push(...parse(fields[1]));
      const last = page.at(-1)?.[0];
      if (last === undefined || page.length < pageEntries) return entries;
      from = `(${last}`;
    }
  }
}

function parse(text: string | undefined): FaultEntry[] {
  try {
    const parsed = entrySchema.safeParse(JSON.parse(text ?? 'null'));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}

type AlarmSpan = SaleReport['alarms'][number];

/** Faults and alarms of an event since `sinceMs`, in the order in which they began. */
export function faultReport(
  entries: readonly FaultEntry[],
  { event, sinceMs }: { readonly event: string; readonly sinceMs: number },
): FaultReport {
  const alarms = alarmSpans(entries, event).filter(
    ({ until }) => until === null || Date.parse(until) >= sinceMs,
  );
  const lost = new Set<string>();
  const faults: SaleReport['faults'] = [];
  const add = (kind: SaleReport['faults'][number]['kind'], fromMs: number, untilMs: number, text: string) =>
    faults.push({ kind, at: iso(fromMs), until: iso(untilMs), text });
  for (const entry of entries) {
    if (entry.kind === 'alarm' || entry.atMs < sinceMs) continue;
    const { kind, atMs } = entry;
    if (kind === 'failover') add(kind, atMs, atMs, 'another Redis took over');
    else if (kind === 'redis-away') {
      const sec = Math.round((atMs - entry.fromMs) / 100) / 10;
      add(kind, entry.fromMs, atMs, `Redis was not there for ${sec} s: nobody joined or entered`);
    } else if (entry.event === event && !lost.has(`${entry.gateway} ${atMs}`)) {
      // Two admin processes may have written down the same one.
      lost.add(`${entry.gateway} ${atMs}`);
      add(kind, atMs, atMs, `gateway ${entry.gateway} was not heard any more`);
    }
  }
  for (const { id, since, until, text } of alarms)
    if (id === behindAlarm) faults.push({ kind: 'gateways-behind', at: since, until, text });
  return { faults: faults.sort((a, b) => a.at.localeCompare(b.at)), alarms };
}

/** From going on to going off: one span, with its worst severity and what was said with it. */
function alarmSpans(entries: readonly FaultEntry[], event: string): AlarmSpan[] {
  const spans: AlarmSpan[] = [];
  const on = new Map<string, number>();
  for (const entry of entries) {
    if (entry.kind !== 'alarm' || entry.event !== event) continue;
    const { id, severity, text, since } = entry.alarm;
    const at = on.get(id);
    const known = at === undefined ? undefined : spans[at];
    if (!entry.on) {
      on.delete(id);
      if (at !== undefined && known !== undefined) spans[at] = { ...known, until: iso(entry.atMs) };
    } else if (at === undefined || known === undefined) {
      on.set(id, spans.length);
      spans.push({ id, severity, text, since, until: null });
    } else if (severity === 'crit') spans[at] = { ...known, severity, text };
  }
  return spans;
}

const iso = (ms: number): string => new Date(Math.round(ms)).toISOString();
