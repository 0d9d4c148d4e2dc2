/**
 * One of many gateway processes, without its HTTP side: opens the line as a gateway does, tails the journal, and joins
 * visitors at a steady pace through the same batches.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createLine } from '../../../src/queue/line.ts';
import type { Line } from '../../../src/queue/line-types.ts';
import { ReservationKeys } from '../../../src/queue/reservation-token.ts';
import { answerWith } from './child.ts';
import { waitingKey } from './gateway-process.ts';

export type FleetAsk =
  | { readonly kind: 'open'; readonly redisPort: number; readonly name: string; readonly event: string }
  | { readonly kind: 'join'; readonly event: string; readonly perSec: number; readonly sec: number }
  | { readonly kind: 'look'; readonly event: string };

/** `waiting` = people that this process's replica knows of. */
export interface FleetReply {
  readonly joined: number;
  readonly refused: number;
  readonly waiting: number;
}

const tickMs = 10;
let line: Line | undefined;

async function open({ redisPort, name }: FleetAsk & { kind: 'open' }): Promise<void> {
  const secret = Buffer.from(waitingKey.secret);
  line = await createLine({
    redis: { host: '127.0.0.1', port: redisPort },
    gatewayId: name,
    workerId: name,
    waitingTokenKeys: [{ kid: waitingKey.kid, secret }],
    passes: new ReservationKeys([{ kid: waitingKey.kid, secret: secret.subarray(0, 32) }]),
    eventsAutoCreate: false,
    timeZone: 'UTC',
    enterAuthRequired: true,
    // What goes wrong is counted as a refusal.
    log: { warn: () => {}, info: () => {} },
  });
}

/** Keeps the pace by the clock: what a late tick missed, the next one makes up for. */
async function join({
  event,
  perSec,
  sec,
}: FleetAsk & { kind: 'join' }): Promise<{ joined: number; refused: number }> {
  const counts = { joined: 0, refused: 0 };
  const startedMs = performance.now();
  const pending: Promise<void>[] = [];
  let asked = 0;
  for (let passedMs = 0; passedMs < sec * 1000; passedMs = performance.now() - startedMs) {
    for (const due = (passedMs / 1000) * perSec; asked < due; asked += 1)
      pending.push(joinOne(event, counts));
    await sleep(tickMs);
  }
  await Promise.all(pending);
  return counts;
}

async function joinOne(event: string, counts: { joined: number; refused: number }): Promise<void> {
  const outcome = await line?.join({ eventId: event, caller: {} });
  if (outcome?.ok) counts.joined += 1;
  else counts.refused += 1;
}

async function answer(ask: FleetAsk): Promise<FleetReply> {
  const counts = { joined: 0, refused: 0 };
  if (ask.kind === 'open') await open(ask);
  if (ask.kind === 'join') Object.assign(counts, await join(ask));
  const waiting = line?.gauges().events.find((one) => one.event === ask.event)?.waiting ?? 0;
  return { ...counts, waiting };
}

answerWith(answer, async () => line?.close());
