/** All queues at once: a row an event. */
import { type Overview, overviewSchema } from '../../contract/snapshot.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import { callerOf } from '../auth.ts';
import type { Desk } from '../desk.ts';
import { tags } from './common.ts';
import { streamOf, streamQuery, watcherOf } from './stream.ts';

/** Registers GET /admin/v1/overview and GET /admin/v1/stream. */
export function overviewRoutes(app: TypedApp, { desk, environment, streams }: RouteContext): void {
  app.get(
    '/admin/v1/overview',
    {
      config: { role: 'viewer' },
      schema: { tags: tags.queues, summary: 'All queues now', response: { 200: overviewSchema } },
    },
    async () => desk.overview(),
  );

  app.get(
    '/admin/v1/stream',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.queues,
        summary: 'All queues as they change',
        description: 'Server-sent events: `overview` at most once a second, `heartbeat`, `auth`.',
        querystring: streamQuery,
        response: { 200: streamOf('overview', overviewSchema) },
      },
    },
    async (request, reply) => {
      const first = await desk.overview();
      streams.serve({ request, reply, environment }, () => ({
        name: 'overview',
        first,
        subscribe: (listener) => desk.onOverview(listener),
        ageSec: ageOf(desk, first),
        onEnd: desk.watching(watcherOf(callerOf(request), null, request.query.write)),
      }));
    },
  );
}

/** The age of the overview; while it cannot be had, that of the last one goes on rising. */
function ageOf(desk: Desk, first: Overview): () => Promise<number> {
  let last = { ageSec: first.ageSec, at: performance.now() };
  return async () => {
    try {
      const { ageSec } = await desk.overview();
      last = { ageSec, at: performance.now() };
      return ageSec;
    } catch {
      return last.ageSec + (performance.now() - last.at) / 1_000;
    }
  };
}
