/** Server-sent events of the admin API as typed messages. */
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { z } from 'zod';
import { type Heartbeat, heartbeatSchema } from '../../contract/admin-api.ts';
import {
  type Overview,
  overviewSchema,
  type QueueSnapshot,
  queueSnapshotSchema,
} from '../../contract/snapshot.ts';
import { badAnswer } from '../api-errors.ts';
import { parseClean } from '../output/clean.ts';

/** What every stream says beside its data: that it lives, or that the caller's token has run out. */
export type SignMessage =
  | { readonly kind: 'heartbeat'; readonly heartbeat: Heartbeat }
  /** The token has expired or was taken back: nothing comes until the caller signs in again. */
  | { readonly kind: 'auth' };

/** What the stream of one queue says. */
export type StreamMessage =
  | { readonly kind: 'snapshot'; readonly id: string; readonly snapshot: QueueSnapshot }
  | SignMessage;

/** What the stream of all queues says. */
export type OverviewMessage =
  | { readonly kind: 'overview'; readonly id: string; readonly overview: Overview }
  | SignMessage;

type Body = AsyncIterable<Uint8Array | string>;

/** Longest event that is taken, characters: a snapshot of 20 rows and 8 changes has 12,000. */
const eventCharsMax = 1_000_000;

/** Messages of one queue's stream until the body ends. An event of an unknown name is left out. @throws CliError for a bad one */
export async function* readStream(body: Body): AsyncIterable<StreamMessage> {
  for await (const message of eventsOf(body)) {
    const sign = signOf(message);
    if (sign !== undefined) yield sign;
    else if (message.event === 'snapshot') {
      yield { kind: 'snapshot', id: message.id ?? '', snapshot: dataOf(message, queueSnapshotSchema) };
    }
  }
}

/** Messages of the stream of all queues. @throws CliError for a bad one */
export async function* readOverviewStream(body: Body): AsyncIterable<OverviewMessage> {
  for await (const message of eventsOf(body)) {
    const sign = signOf(message);
    if (sign !== undefined) yield sign;
    else if (message.event === 'overview') {
      yield { kind: 'overview', id: message.id ?? '', overview: dataOf(message, overviewSchema) };
    }
  }
}

async function* eventsOf(body: Body): AsyncIterable<EventSourceMessage> {
  const waiting: EventSourceMessage[] = [];
  const parser = createParser({ maxBufferSize: eventCharsMax, onEvent: (message) => waiting.push(message) });
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    parser.feed(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }));
    yield* waiting.splice(0);
  }
}

function signOf(message: EventSourceMessage): SignMessage | undefined {
  if (message.event === 'auth') return { kind: 'auth' };
  if (message.event !== 'heartbeat') return undefined;
  return { kind: 'heartbeat', heartbeat: dataOf(message, heartbeatSchema) };
}

function dataOf<T extends z.ZodType>({ event, data }: EventSourceMessage, schema: T): z.output<T> {
  let json: unknown;
  try {
    json = parseClean(data);
  } catch {
    throw badAnswer('stream');
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw badAnswer(event ?? 'stream');
  return parsed.data;
}
