/** From an action and an event to a draft: reads what the action needs and leaves the rest to pure functions. */
import type { ParsedAction } from '../../../contract/actions.ts';
import { TacosError } from '../../../contract/errors.ts';
import { SaleStore } from '../../sale-store.ts';
import { phaseAt } from '../../settings.ts';
import type { Budget } from '../budget.ts';
import type { ChangedEvent, ChangesParts } from '../changes-parts.ts';
import { isOfHpa } from '../hpa/undo-hpa.ts';
import { ratePerSec } from '../rates.ts';
import { undoBudget, undoEvent } from '../undo.ts';
import { bucketRestore, bucketSet } from './bucket.ts';
import { budgetSet } from './budget-set.ts';
import { catchUp } from './catch-up.ts';
import { createEvent } from './create.ts';
import { badRequest, type Draft, peopleOf, type Seen } from './draft.ts';
import { message } from './message.ts';
import { close, drain, open, pause, resume } from './phase.ts';
import { checkExpire, deleteEvent, expire, flush, remove } from './places.ts';
import { newestRecords } from './record.ts';
import { applySale, rollbackSale } from './sale.ts';
import { eventSet, settingsSet } from './settings.ts';
import { countSilent } from './silent.ts';

/** An event as it is now, for a draft. */
export function seenOf(event: ChangedEvent, nowMs: number): Seen {
  const { settings, waiting, away, totals } = event.replica;
  const { flow } = event.replica;
  const { redis, admitPerSec1m } = event.snapshot();
  const { sinceMs } = event;
  return {
    id: event.id,
    settings,
    phase: phaseAt(settings, nowMs),
    waiting: waiting.count,
    away: away.size,
    admittedTotal: totals.entered,
    tokensMicro: event.tokensMicro(),
    nowMs,
    ageSec: event.ageSec(),
    measured: {
      cpuPercent: redis.cpuPercent,
      opsPerSec: redis.opsPerSec,
      admitPerSec1m,
      joinPerSec: ratePerSec(flow, 'joined', { nowMs, sinceMs, sec: 60 }),
      watchedSec: (nowMs - sinceMs) / 1000,
    },
  };
}

export class Planner {
  private readonly parts: ChangesParts;
  private readonly budget: Budget;
  private readonly sales: SaleStore;

  constructor(parts: ChangesParts, budget: Budget) {
    this.parts = parts;
    this.budget = budget;
    this.sales = new SaleStore(parts.redis);
  }

  /** Events that an action is about; null = of no single event. */
  async targets(request: {
    readonly events: readonly string[] | 'all';
    readonly action: ParsedAction;
  }): Promise<readonly (string | null)[]> {
    const { action, events } = request;
    if (['budget.set', 'hpa.patch', 'loadtest.stop'].includes(action.type)) return [null];
    if (action.type === 'undo') return [(await this.undone(action.auditId)).entry.event];
    if (events === 'all') {
      if (action.type !== 'queue.pause' && action.type !== 'queue.resume')
        throw badRequest('Only pause and resume can be said to all events at once.');
      return this.parts.openEvents();
    }
    if (events.length === 0) throw badRequest('No event is named.');
    if (action.type === 'loadtest.start' && events.length > 1)
      throw badRequest('A load test is of one event.');
    return [...new Set(events)];
  }

  /** @throws TacosError EVENT_NOT_FOUND, EVENT_EXISTS, VISITOR_NOT_FOUND, AUDIT_NOT_FOUND, BAD_REQUEST */
  async draft(action: ParsedAction, event: string | null): Promise<Draft> {
    const nowMs = this.parts.clock.nowMs();
    if (action.type === 'hpa.patch') return this.hpa.draft(action);
    if (action.type === 'loadtest.stop') return this.parts.loads.stopDraft(action.name);
    if (action.type === 'budget.set' || event === null) return this.eventless(action, nowMs);
    if (action.type === 'event.create') return this.create(action, event, nowMs);
    const opened = await this.parts.event(event);
    if (action.type === 'undo') return this.undo(opened, action.auditId);
    const seen = seenOf(opened, nowMs);
    switch (action.type) {
      case 'event.set':
        return eventSet(seen, action);
      case 'event.delete':
        return deleteEvent(seen);
      case 'bucket.set':
        return bucketSet(seen, action);
      case 'bucket.reset':
        return this.restore(opened, seen, 1, true);
      case 'bucket.restore':
        return this.restore(opened, seen, action.toRevision, false);
      case 'settings.set':
        return settingsSet(seen, action);
      case 'queue.open':
        return open(seen, action);
      case 'queue.close':
        return close(seen, action);
      case 'queue.pause':
        return pause(seen);
      case 'queue.resume':
        return resume(seen);
      case 'queue.drain':
        return drain(seen, action);
      case 'queue.expire':
        return this.expire(opened, seen, action);
      case 'queue.remove':
        return this.remove(opened, seen, action.visitor);
      case 'queue.flush':
        return flush(seen);
      case 'queue.message':
        return message(seen, action);
      case 'sale.apply':
        return applySale(seen, action, {
          running: await this.sales.read(opened.ref),
          budget: await this.budget.view(),
          leadsHpa: this.parts.hpa !== undefined,
        });
      case 'loadtest.start':
        return this.parts.loads.startDraft(seen, action);
      case 'sale.rollback':
        return rollbackSale(seen, await this.sales.read(opened.ref));
    }
  }

  private async eventless(action: ParsedAction, nowMs: number): Promise<Draft> {
    const [state, { usedPerSec }] = await Promise.all([this.budget.state(), this.budget.view()]);
    if (action.type === 'budget.set') return budgetSet(state, { perSec: action.perSec, usedPerSec });
    if (action.type !== 'undo') throw badRequest('No event is named.');
    const undone = await this.undone(action.auditId);
    if (isOfHpa(undone)) return this.hpa.undo(undone);
    return undoBudget(undone, { state, usedPerSec, nowMs });
  }

  private get hpa() {
    if (this.parts.hpa === undefined)
      throw new TacosError('CLUSTER_NOT_SET', { hint: 'docs/operate/hpa.md' });
    return this.parts.hpa;
  }

  private async create(
    action: Extract<ParsedAction, { type: 'event.create' }>,
    event: string,
    nowMs: number,
  ): Promise<Draft> {
    const draft = createEvent(event, action, { timeZone: this.parts.timeZone, nowMs });
    const exists = await this.parts.event(event).then(
      () => true,
      (error: unknown) => {
        if (error instanceof TacosError && error.refusal.code === 'EVENT_NOT_FOUND') return false;
        throw error;
      },
    );
    if (exists) throw new TacosError('EVENT_EXISTS', { hint: `tacos queue get ${event}` });
    return draft;
  }

  private async restore(
    opened: ChangedEvent,
    seen: Seen,
    revision: number,
    isReset: boolean,
  ): Promise<Draft> {
    const versions = await this.parts.store.versions(opened.ref);
    const version = versions.find((one) => one.revision === revision);
    if (!version) throw badRequest(`Version ${revision} is not kept.`, `tacos bucket history ${seen.id}`);
    return bucketRestore(seen, { ...version, isReset });
  }

  private async expire(
    opened: ChangedEvent,
    seen: Seen,
    action: Extract<ParsedAction, { type: 'queue.expire' }>,
  ): Promise<Draft> {
    checkExpire(action);
    if (action.all) return expire(seen, action, { people: peopleOf(seen) });
    if (action.silentForSec !== undefined) {
      const when = { silentForMs: action.silentForSec * 1000, nowMs: seen.nowMs };
      return expire(seen, action, {
        people: await countSilent(this.parts.redis, opened.ref, opened.replica, when),
      });
    }
    const seqs = new Set<number>();
    const named: number[] = [];
    let gone = 0;
    for (const ref of action.visitors ?? []) {
      const seq = await this.resolve(opened, ref);
      named.push(seq);
      if (isInLine(opened, seq)) seqs.add(seq);
      else gone += 1;
    }
    const draft = { ...expire(seen, action, { people: seqs.size, seqs: [...seqs] }), named };
    return gone === 0 ? draft : { ...draft, warnings: [`${gone} of them are not in the line any more`] };
  }

  private async remove(opened: ChangedEvent, seen: Seen, ref: string): Promise<Draft> {
    const seq = await this.resolve(opened, ref);
    return { ...remove(seen, { seq, inLine: isInLine(opened, seq), ref }), named: [seq] };
  }

  private async resolve(opened: ChangedEvent, ref: string): Promise<number> {
    const seq = await opened.resolve(ref);
    if (seq === undefined)
      throw new TacosError('VISITOR_NOT_FOUND', {
        hint: `tacos queue positions ${opened.id}`,
        body: { visitor: ref },
      });
    return seq;
  }

  private async undo(opened: ChangedEvent, auditId: string): Promise<Draft> {
    const undone = await this.undone(auditId);
    // Another desk may have made the change a moment ago.
    await catchUp(this.parts, opened.id, undone.entry.revision);
    const seen = seenOf(opened, this.parts.clock.nowMs());
    const [tombs, records] = await Promise.all([
      this.parts.store.tombs(opened.ref),
      newestRecords(this.parts.redis, opened.id, 20),
    ]);
    const since = records
      .filter(({ addsTo, entry }) => addsTo === undefined && entry.revision > undone.entry.revision)
      .map(({ entry }) => entry);
    return undoEvent(seen, undone, { tombs, since });
  }

  private async undone(auditId: string) {
    const record = await this.parts.auditRecord(auditId);
    if (!record) throw new TacosError('AUDIT_NOT_FOUND', { hint: 'tacos audit list' });
    return record;
  }
}

const isInLine = ({ replica }: ChangedEvent, seq: number): boolean => {
  const state = replica.state(seq);
  return state === 'waiting' || state === 'away' || state === 'ahead';
};
