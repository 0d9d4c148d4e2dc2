/** The state of one queue at a moment. */
import { TacosError } from '../../contract/errors.ts';
import { type QueueSnapshot, queueSnapshotSchema } from '../../contract/snapshot.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import type { Desk } from '../desk.ts';
import { etagOf, eventParams, refusals, tagged, tags } from './common.ts';

/** The snapshot of an event, loading it first where needed. @throws TacosError EVENT_NOT_FOUND */
export async function currentSnapshot(desk: Desk, event: string): Promise<QueueSnapshot> {
  const known = desk.snapshot(event);
  if (known !== undefined) return known;
  await desk.load(event);
  const loaded = desk.snapshot(event);
  if (loaded === undefined) throw new TacosError('UNAVAILABLE', { message: 'The queue is still loading.' });
  return loaded;
}

/** Registers GET /admin/v1/events/{id}/snapshot. */
export function snapshotRoutes(app: TypedApp, { desk }: RouteContext): void {
  app.get(
    '/admin/v1/events/:id/snapshot',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.queues,
        summary: 'The state of a queue now',
        params: eventParams,
        response: { 200: tagged(queueSnapshotSchema), ...refusals(404) },
      },
    },
    async (request, reply) => {
      const snapshot = await currentSnapshot(desk, request.params.id);
      reply.header('etag', etagOf(snapshot.revision));
      return snapshot;
    },
  );
}
