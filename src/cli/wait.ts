/** `--wait`: follows a change until it has had its effect on every event. */
import type { Action, ChangeReply, ChangeResult } from '../contract/actions.ts';
import type { QueueSnapshot } from '../contract/snapshot.ts';
import type { AdminApi } from './admin-api.ts';
import { CliError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import { count } from './output/format.ts';
import { pause, type Runtime } from './runtime.ts';

/** Longest wait where --timeout says nothing, ms. */
export const waitDefaultMs = 600_000;
/** Between two looks, ms. */
const lookMs = 300;
/** Between two looks at pods or at a sale, ms: both take long. */
const slowLookMs = 1_000;
/** Looks in a row that find no place ended: then an expiry is over. */
const quietLooks = 3;

/** What is waited for. */
export interface Waiting {
  readonly api: Pick<AdminApi, 'snapshot' | 'hpa' | 'sale'>;
  readonly runtime: Pick<Runtime, 'clock' | 'stop'>;
  readonly action: Action;
  readonly reply: ChangeReply;
  readonly timeoutMs: number;
}

/** Resolves with a sentence for each event that had not got there in time; empty = all have. */
export async function waitForGoals({ api, runtime, action, reply, timeoutMs }: Waiting): Promise<string[]> {
  const { clock, stop } = runtime;
  const endMs = clock.monotonic() + timeoutMs;
  if (action.type === 'hpa.patch') return waitForPods({ api, runtime }, endMs);
  if (action.type === 'sale.apply') return waitForSale({ api, runtime, reply }, endMs);
  const open = new Map(
    reply.results.flatMap((result) => (result.applied && result.event ? [[result.event, result]] : [])),
  );
  const looks = new Looks();
  const states = new Map<string, string>();
  for (;;) {
    for (const [event, result] of open) {
      const now = await snapshotOf(api, event);
      if (now === 'gone' || isThere(action, { now, result, looks })) open.delete(event);
      else states.set(event, stateOf(now));
    }
    if (open.size === 0) return [];
    if (clock.monotonic() >= endMs) return [...open.keys()].map((event) => states.get(event) ?? event);
    await pause(lookMs, stop.signal);
    if (stop.signal.aborted) throw stop.signal.reason;
  }
}

/** Until all pods that are asked for, and the floor, are ready. */
async function waitForPods(
  { api, runtime }: Pick<Waiting, 'api' | 'runtime'>,
  endMs: number,
): Promise<string[]> {
  const { clock, stop } = runtime;
  for (;;) {
    const { minReplicas, replicas } = (await api.hpa({})).item;
    const wanted = Math.max(minReplicas, replicas.asked);
    const ready = replicas.ready ?? replicas.current;
    if (ready >= wanted) return [];
    if (clock.monotonic() >= endMs) return [`${ready} of ${wanted} gateways are ready`];
    await pause(slowLookMs, stop.signal);
    if (stop.signal.aborted) throw stop.signal.reason;
  }
}

/** Until the last step is over, or somebody has rolled the sale back. Ending the command changes nothing. */
async function waitForSale(
  { api, runtime, reply }: Pick<Waiting, 'api' | 'runtime' | 'reply'>,
  endMs: number,
): Promise<string[]> {
  const { clock, stop } = runtime;
  const event = reply.results.find((result) => result.event)?.event;
  if (!event) return [];
  for (;;) {
    const { state, steps } = (await api.sale(event)).item;
    if (state !== 'running') return [];
    const over = steps.filter((step) => step.state !== 'pending').length;
    if (clock.monotonic() >= endMs) return [`${over} of ${steps.length} steps of ${event} are over`];
    await pause(slowLookMs, stop.signal);
    if (stop.signal.aborted) throw stop.signal.reason;
  }
}

interface Look {
  readonly now: QueueSnapshot;
  readonly result: ChangeResult;
  readonly looks: Looks;
}

function isThere(action: Action, { now, result, looks }: Look): boolean {
  const { seen, inForce } = now.gateways;
  const isInForce = now.revision >= result.revision && inForce === seen;
  switch (action.type) {
    case 'queue.pause':
      return now.paused && isInForce;
    case 'queue.resume':
      return !now.paused && isInForce;
    case 'queue.open':
      return now.phase === 'open' && isInForce;
    case 'queue.drain':
      return now.phase === 'closed';
    case 'queue.close':
      return isInForce && (action.keep === true ? now.paused : now.phase === 'closed');
    case 'queue.flush':
      return now.waiting === 0 && now.away === 0;
    case 'queue.expire':
    case 'queue.remove':
      return looks.isQuiet(now);
    case 'event.delete':
      return false;
    default:
      return isInForce;
  }
}

/** Places are ended in steps: the work is done once their number stands still. */
class Looks {
  private readonly last = new Map<string, { total: number; times: number }>();

  isQuiet({ event, expiredTotal, leftTotal }: QueueSnapshot): boolean {
    const total = expiredTotal + leftTotal;
    const before = this.last.get(event);
    const times = before?.total === total ? before.times + 1 : 1;
    this.last.set(event, { total, times });
    return times >= quietLooks;
  }
}

/** A deleted event is one that is not found any more. */
async function snapshotOf(api: Waiting['api'], event: string): Promise<QueueSnapshot | 'gone'> {
  try {
    return await api.snapshot(event);
  } catch (error) {
    if (error instanceof CliError && error.details.exitCode === exitCodes.notFound) return 'gone';
    throw error;
  }
}

function stateOf({ event, phase, paused, waiting, gateways }: QueueSnapshot): string {
  const state = paused ? `${phase}, paused` : phase;
  return `${event} is ${state} with ${count(waiting)} waiting, in force on ${gateways.inForce} of ${gateways.seen} gateways`;
}
