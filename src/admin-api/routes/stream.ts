/** The live feed of one queue as server-sent events. */
import { z } from 'zod';
import { heartbeatSchema } from '../../contract/admin-api.ts';
import { contentOf, streamEvent } from '../../contract/openapi.ts';
import { queueSnapshotSchema } from '../../contract/snapshot.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import { callerOf, roleIncludes } from '../auth.ts';
import type { Watcher } from '../desk.ts';
import type { Caller } from '../sign-in/sign-in.ts';
import { eventParams, refusals, tags } from './common.ts';
import { currentSnapshot } from './snapshot.ts';

/** Query of the streams. */
export const streamQuery = z.object({
  /** 1 = this screen may change things: other screens are told. */
  write: z.enum(['0', '1']).optional(),
});

/** What a stream answers: its own events, and those of every stream. */
export const streamOf = (name: 'snapshot' | 'overview', schema: z.ZodType) =>
  contentOf(
    'text/event-stream',
    z.union([
      streamEvent(name, schema),
      streamEvent('heartbeat', heartbeatSchema),
      streamEvent('auth', z.object({ code: z.string(), message: z.string() })),
    ]),
    'Server-sent events',
  );

/** The screen behind a stream. A role that may not write is not shown as if it might. */
export const watcherOf = (caller: Caller, event: string | null, write: '0' | '1' | undefined): Watcher => ({
  event,
  name: caller.name,
  role: caller.role,
  write: write === '1' && roleIncludes(caller.role, 'operator'),
});

/**
 * Registers GET /admin/v1/events/{id}/stream: a full snapshot first, also after Last-Event-ID, then each snapshot that
 * differs, and heartbeats in between.
 */
export function streamRoutes(app: TypedApp, { desk, environment, streams }: RouteContext): void {
  app.get(
    '/admin/v1/events/:id/stream',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.queues,
        summary: 'The state of a queue as it changes',
        description:
          'Server-sent events: `snapshot` (first a full one, then each that differs), `heartbeat` at least every ' +
          '2 s, `auth` before the end when the token has expired.',
        params: eventParams,
        querystring: streamQuery,
        response: { 200: streamOf('snapshot', queueSnapshotSchema), ...refusals(404) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const first = await currentSnapshot(desk, id);
      streams.serve({ request, reply, environment }, () => ({
        name: 'snapshot',
        first,
        subscribe: (listener) => desk.onChange(id, listener),
        ageSec: async () => desk.snapshot(id)?.ageSec ?? null,
        onEnd: desk.watching(watcherOf(callerOf(request), id, request.query.write)),
      }));
    },
  );
}
