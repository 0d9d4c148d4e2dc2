/** Server-sent events of the admin API as typed messages. */
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import {
  type Heartbeat,
  heartbeatSchema,
  type QueueSnapshot,
  queueSnapshotSchema,
} from '../../contract/admin-api.ts';
import { badAnswer } from '../api-errors.ts';
import { parseClean } from '../output/clean.ts';

/** What the stream says. */
export type StreamMessage =
  | { readonly kind: 'snapshot'; readonly id: string; readonly snapshot: QueueSnapshot }
  | { readonly kind: 'heartbeat'; readonly heartbeat: Heartbeat };

/** Longest event that is taken, characters: a snapshot has 2,000. */
const eventCharsMax = 1_000_000;

/** Reads messages until the body ends. An event of an unknown name is left out. @throws CliError for a bad one */
export async function* readStream(body: AsyncIterable<Uint8Array | string>): AsyncIterable<StreamMessage> {
  const waiting: EventSourceMessage[] = [];
  const parser = createParser({ maxBufferSize: eventCharsMax, onEvent: (message) => waiting.push(message) });
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    parser.feed(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }));
    for (const message of waiting.splice(0)) {
      const read = messageOf(message);
      if (read !== undefined) yield read;
    }
  }
}

function messageOf({ event, id, data }: EventSourceMessage): StreamMessage | undefined {
  if (event !== 'snapshot' && event !== 'heartbeat') return undefined;
  let json: unknown;
  try {
    json = parseClean(data);
  } catch {
    throw badAnswer('stream');
  }
  if (event === 'heartbeat') {
    const heartbeat = heartbeatSchema.safeParse(json);
    if (!heartbeat.success) throw badAnswer('heartbeat');
    return { kind: 'heartbeat', heartbeat: heartbeat.data };
  }
  const snapshot = queueSnapshotSchema.safeParse(json);
  if (!snapshot.success) throw badAnswer('snapshot');
  return { kind: 'snapshot', id: id ?? '', snapshot: snapshot.data };
}
