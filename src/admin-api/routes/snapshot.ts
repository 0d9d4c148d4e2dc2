/** The state of one queue at a moment. */
import { type QueueSnapshot, queueSnapshotSchema } from '../../contract/admin-api.ts';
import { TacosError } from '../../contract/errors.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import type { Desk } from '../desk.ts';
import { eventParams } from './events.ts';

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
    { config: { role: 'viewer' }, schema: { params: eventParams, response: { 200: queueSnapshotSchema } } },
    async (request) => currentSnapshot(desk, request.params.id),
  );
}
