/** Events: list and one. They are made, changed and deleted by actions. */
import { eventItemReplySchema, eventListSchema } from '../../contract/admin-api.ts';
import { TacosError } from '../../contract/errors.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import { etagOf, eventParams, itemOf, listOf, refusals, tagged, tags } from './common.ts';

/** Registers GET /admin/v1/events and GET /admin/v1/events/{id}. */
export function eventRoutes(app: TypedApp, { desk }: RouteContext): void {
  app.get(
    '/admin/v1/events',
    {
      config: { role: 'viewer' },
      schema: { tags: tags.queues, summary: 'All events', response: { 200: eventListSchema } },
    },
    async () => listOf('EventList', await desk.listEvents()),
  );

  app.get(
    '/admin/v1/events/:id',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.queues,
        summary: 'One event',
        params: eventParams,
        response: { 200: tagged(eventItemReplySchema), ...refusals(404) },
      },
    },
    async (request, reply) => {
      const item = (await desk.listEvents()).find(({ event }) => event === request.params.id);
      if (item === undefined) throw new TacosError('EVENT_NOT_FOUND');
      reply.header('etag', etagOf(item.revision));
      return itemOf('Event', item);
    },
  );
}
