/** What operators may set of an event beside the bucket. */
import { settingsReplySchema } from '../../contract/admin-api.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import { etagOf, eventParams, itemOf, refusals, tagged, tags } from './common.ts';

/** Registers GET /admin/v1/events/{id}/settings. */
export function settingsRoutes(app: TypedApp, { desk }: RouteContext): void {
  app.get(
    '/admin/v1/events/:id/settings',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.queues,
        summary: 'Settings of a queue; the ETag is for If-Match',
        params: eventParams,
        response: { 200: tagged(settingsReplySchema), ...refusals(404) },
      },
    },
    async (request, reply) => {
      const settings = await desk.settings(request.params.id);
      reply.header('etag', etagOf(settings.revision));
      return itemOf('Settings', settings);
    },
  );
}
