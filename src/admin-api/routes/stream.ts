/** The live feed of one queue as server-sent events. */
import type { ServerResponse } from 'node:http';
import {
  heartbeatMs as defaultHeartbeatMs,
  type Heartbeat,
  type QueueSnapshot,
} from '../../contract/admin-api.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import type { Desk } from '../desk.ts';
import { commonHeaders } from '../headers.ts';
import { eventParams } from './events.ts';
import { currentSnapshot } from './snapshot.ts';

/** A reader that has taken nothing for this long is cut, ms. */
const stuckMs = 30_000;

/**
 * Registers GET /admin/v1/events/{id}/stream: a full snapshot first, also after Last-Event-ID, since the feed
 * of another admin process counts differently; then each snapshot that differs, and heartbeats in between.
 */
export function streamRoutes(
  app: TypedApp,
  { desk, environment, heartbeatMs = defaultHeartbeatMs }: RouteContext,
): void {
  const open = new Set<() => void>();
  app.addHook('preClose', async () => {
    for (const close of open) close();
  });

  app.get(
    '/admin/v1/events/:id/stream',
    {
      config: { role: 'viewer' },
      schema: {
        params: eventParams,
        produces: ['text/event-stream'],
        description: 'Events: snapshot, heartbeat.',
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const first = await currentSnapshot(desk, id);
      reply.hijack();
      reply.raw.writeHead(200, {
        ...commonHeaders(environment, request.id),
        'content-type': 'text/event-stream; charset=utf-8',
        'x-accel-buffering': 'no',
      });
      const close = feed({
        desk,
        event: id,
        first,
        out: reply.raw,
        heartbeatMs,
        onEnd: () => open.delete(close),
      });
      open.add(close);
    },
  );
}

interface FeedOptions {
  readonly desk: Desk;
  readonly event: string;
  readonly first: QueueSnapshot;
  readonly out: ServerResponse;
  readonly heartbeatMs: number;
  readonly onEnd: () => void;
}

/** Feeds one reader until it goes or `close` is called. A slow reader skips snapshots and always gets the latest. */
function feed({ desk, event, first, out, heartbeatMs, onEnd }: FeedOptions): () => void {
  let seq = 0;
  let lastSentAt = performance.now();
  let pending: QueueSnapshot | undefined;
  const send = (snapshot: QueueSnapshot): void => {
    if (out.writableNeedDrain) {
      pending = snapshot;
      return;
    }
    seq = snapshot.seq;
    lastSentAt = performance.now();
    out.write(`id: ${snapshot.seq}\nevent: snapshot\ndata: ${JSON.stringify(snapshot)}\n\n`);
  };
  const beat = (): void => {
    if (out.writableNeedDrain) {
      if (performance.now() - lastSentAt > stuckMs) out.destroy();
      return;
    }
    const current = desk.snapshot(event);
    if (current === undefined) {
      out.end();
      return;
    }
    const data: Heartbeat = { ageSec: current.ageSec, seq };
    lastSentAt = performance.now();
    out.write(`event: heartbeat\ndata: ${JSON.stringify(data)}\n\n`);
  };
  out.on('drain', () => {
    const latest = pending;
    pending = undefined;
    if (latest !== undefined) send(latest);
  });
  out.write('retry: 1000\n\n');
  send(first);
  const unsubscribe = desk.onChange(event, send);
  const timer = setInterval(beat, heartbeatMs);
  const stop = (): void => {
    clearInterval(timer);
    unsubscribe();
    onEnd();
  };
  out.once('close', stop);
  out.on('error', () => out.destroy());
  return () => out.end();
}
