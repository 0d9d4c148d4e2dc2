/** What is known of a sale afterwards: from the journal, the event's totals and what the gateways report. */
import type { Alarm } from '../../contract/alarms.ts';
import type { SaleReport, SaleView } from '../../contract/sale.ts';
import { isRecovering, type RecoveryView } from '../../contract/snapshot.ts';
import type { RedisClient } from '../../redis/client.ts';
import { sumCounts } from '../count-book.ts';
import { parseEntry } from '../journal.ts';
import type { Store } from '../store.ts';
import { Arrivals } from './arrivals.ts';
import type { DeskEvent } from './desk-event.ts';
import { FaultLog, faultReport } from './fault-log.ts';
import { reportText } from './recovery-report.ts';

const pageEntries = 5_000;

/** Not kept anywhere that the admin API could read. */
const missing = [
  'refusals of reservations and payments, and of requests that name no event of ours: http_server_requests_total of the gateways, in Prometheus',
  'faults and alarms while no admin process ran: ALERTS in Prometheus',
];

/** Joins, entries and ends as a journal tells them. */
export class JournalTally {
  private readonly firstSeqs: number[] = [];
  private readonly joinedMs: number[] = [];
  private readonly entered: { readonly seq: number; readonly atMs: number }[] = [];
  left = 0;
  expired = 0;

  /** Takes in the value of an entry, in order. */
  take(value: string): void {
    const entry = parseEntry(value);
    if (entry.kind === 'joined') {
      this.firstSeqs.push(entry.firstSeq);
      this.joinedMs.push(entry.nowMs);
    } else if (entry.kind === 'entered') {
      this.entered.push({ seq: entry.seq, atMs: entry.refilledAtUs / 1000 });
    } else if (entry.kind === 'left') this.left += 1;
    else if (entry.kind === 'expired') this.expired += entry.seqs.length;
    // What a recovery gives back was lost, not expired.
    else if (entry.kind === 'restored' && entry.skipped === undefined) this.expired -= entry.seqs.length;
  }

  /** Waits in ms, ascending. `earlier`: when a place was given out that the journal does not tell of any more. */
  waits(earlier: (seq: number) => number | undefined): number[] {
    const waits: number[] = [];
    for (const { seq, atMs } of this.entered) {
      const joinedMs = this.joinOf(seq) ?? earlier(seq);
      if (joinedMs !== undefined) waits.push(Math.max(0, Math.round(atMs - joinedMs)));
    }
    return waits.sort((a, b) => a - b);
  }

  private joinOf(seq: number): number | undefined {
    let low = 0;
    let high = this.firstSeqs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.firstSeqs[middle] ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return this.joinedMs[low - 1];
  }
}

/** Reads it all; some ten thousand entries take a tenth of a second. */
export async function saleReport(
  event: DeskEvent,
  {
    redis,
    store,
    sale,
  }: { readonly redis: RedisClient; readonly store: Store; readonly sale: SaleView | null },
): Promise<SaleReport> {
  const { ref, replica } = event;
  const tally = new JournalTally();
  for (let from = '-'; ; ) {
    const page = await redis.xrange(ref.keys.journal, from, '+', 'COUNT', pageEntries);
    for (const [, fields] of page) tally.take(fields[1] ?? '');
    const last = page.at(-1)?.[0];
    if (last === undefined || page.length < pageEntries) break;
    from = `(${last}`;
  }
  const arrivals = new Arrivals();
  arrivals.take(await store.arrivals(ref, 0));
  const { baseMs } = replica.settings;
  const waits = tally.waits((seq) => {
    const since = arrivals.sinceBaseMs(seq);
    return since === undefined ? undefined : baseMs + since;
  });
  const { joinedTotal, admittedTotal, waiting, recovery } = event.snapshot();
  const at = (share: number): number | null =>
    waits[Math.min(waits.length - 1, Math.floor(share * waits.length))] ?? null;
  const { refusals, etaErrorRatio } = sumCounts(await redis.hgetall(ref.keys.counts));
  const sinceMs = sale === null ? replica.settings.createdAtMs : Date.parse(sale.appliedAt);
  const { faults, alarms } = faultReport(await new FaultLog(redis).read(), { event: event.id, sinceMs });
  return {
    event: event.id,
    sale,
    joined: joinedTotal,
    admitted: admittedTotal,
    waiting,
    waits: {
      people: waits.length,
      share: admittedTotal === 0 ? 0 : waits.length / admittedTotal,
      p50Ms: at(0.5),
      p95Ms: at(0.95),
      maxMs: waits.at(-1) ?? null,
    },
    left: tally.left,
    expired: tally.expired,
    etaErrorRatio,
    refusals: [...refusals],
    faults: withRecovery(faults, recovery, sinceMs),
    alarms: withNow(alarms, event.alarms),
    missing: [...missing],
  };
}

/** The last recovery since then, where there was one: earlier ones stand in the audit trail. */
function withRecovery(
  faults: SaleReport['faults'],
  recovery: RecoveryView,
  sinceMs: number,
): SaleReport['faults'] {
  if (recovery === null || Date.parse(recovery.at) < sinceMs) return faults;
  const { at } = recovery;
  const until = isRecovering(recovery)
    ? null
    : new Date(Date.parse(at) + recovery.entersHeldSec * 1000).toISOString();
  return [...faults, { kind: 'recovery' as const, at, until, text: reportText(recovery) }].sort((a, b) =>
    a.at.localeCompare(b.at),
  );
}

/** Those that went on a moment ago may not be written down yet. */
function withNow(spans: SaleReport['alarms'], now: readonly Alarm[]): SaleReport['alarms'] {
  const known = new Set(spans.filter(({ until }) => until === null).map(({ id }) => id));
  const fresh = now.filter(({ id }) => !known.has(id));
  return [
    ...spans,
    ...fresh.map(({ id, severity, text, since }) => ({ id, severity, text, since, until: null })),
  ];
}
