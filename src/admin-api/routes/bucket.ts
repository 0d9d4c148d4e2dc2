/** The token bucket of an event, and its earlier versions. */
import { bucketItemReplySchema, versionListSchema } from '../../contract/admin-api.ts';
import { burstWarnings } from '../../queue/desk/actions/warnings.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import { etagOf, eventParams, itemOf, listOf, refusals, tagged, tags } from './common.ts';
import { currentSnapshot } from './snapshot.ts';

/** Registers GET /admin/v1/events/{id}/bucket and GET /admin/v1/events/{id}/bucket/history. */
export function bucketRoutes(app: TypedApp, { desk }: RouteContext): void {
  app.get(
    '/admin/v1/events/:id/bucket',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.queues,
        summary: 'The bucket of a queue; the ETag is for If-Match',
        params: eventParams,
        response: { 200: tagged(bucketItemReplySchema), ...refusals(404) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { bucket, asOf, revision } = await currentSnapshot(desk, id);
      reply.header('etag', etagOf(revision));
      return itemOf('Bucket', { event: id, ...bucket }, { asOf, warnings: burstWarnings(bucket) });
    },
  );

  app.get(
    '/admin/v1/events/:id/bucket/history',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.queues,
        summary: 'Earlier versions of the bucket, newest first',
        params: eventParams,
        response: { 200: versionListSchema, ...refusals(404) },
      },
    },
    async (request) => listOf('VersionList', await desk.history(request.params.id)),
  );
}
