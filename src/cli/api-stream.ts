/** Opens the admin API's event streams. What they say is read in `watch/stream.ts`. */
import type { Dispatcher } from 'undici';
import type { StreamOptions } from './admin-api.ts';
import { errorOfReply, unreachable } from './api-errors.ts';
import { type AnswerNotes, type ApiTarget, causeOf, headersOf } from './api-transport.ts';

/** A stream to open: of one event, or of all where `event` is absent. */
export interface StreamCall {
  readonly path: string;
  readonly event?: string;
  readonly options: StreamOptions;
}

/** The body of the stream as it comes. @throws CliError when it cannot be opened or is refused */
export async function* openStream(
  target: ApiTarget,
  notes: AnswerNotes,
  { path, event, options }: StreamCall,
): AsyncIterable<Uint8Array> {
  const { request } = await import('undici');
  const { lastEventId, signal, write } = options;
  const fullPath = write === true ? `${path}?write=1` : path;
  let reply: Dispatcher.ResponseData;
  try {
    reply = await request(`${target.server}${fullPath}`, {
      ...(target.dispatcher === undefined ? {} : { dispatcher: target.dispatcher }),
      headers: {
        ...headersOf(target),
        accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
      headersTimeout: target.timeoutMs,
      bodyTimeout: 0,
      signal,
    });
  } catch (error) {
    const { text } = causeOf(error, target.timeoutMs);
    throw unreachable(target.server, text, target.unreachableHint);
  }
  notes.note(reply);
  target.trace?.(`GET ${fullPath} -> ${reply.statusCode}`);
  if (reply.statusCode !== 200) {
    const failed = { isMutation: false, ...(event === undefined ? {} : { event }) };
    throw errorOfReply(reply.statusCode, await reply.body.text(), failed);
  }
  yield* reply.body;
}
