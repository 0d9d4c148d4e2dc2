/** Events: list, one, create. */
import { z } from 'zod';
import {
  apiVersion,
  createEventSchema,
  eventItemReplySchema,
  eventListSchema,
} from '../../contract/admin-api.ts';
import { TacosError } from '../../contract/errors.ts';
import { eventIdSchema } from '../../contract/visitor-api.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import { authorOf } from '../auth.ts';

/** Path parameters of every route below an event. */
export const eventParams = z.object({ id: eventIdSchema });

/** Registers GET and POST /admin/v1/events and GET /admin/v1/events/{id}. */
export function eventRoutes(app: TypedApp, { desk }: RouteContext): void {
  app.get(
    '/admin/v1/events',
    { config: { role: 'viewer' }, schema: { response: { 200: eventListSchema } } },
    async () => ({
      apiVersion,
      kind: 'EventList',
      asOf: new Date().toISOString(),
      items: await desk.listEvents(),
      warnings: [],
    }),
  );

  app.post(
    '/admin/v1/events',
    {
      config: { role: 'operator' },
      schema: { body: createEventSchema, response: { 201: eventItemReplySchema } },
    },
    async (request, reply) => {
      const input = request.body;
      const { opensAt, prequeueFrom } = input;
      if (
        opensAt !== undefined &&
        prequeueFrom !== undefined &&
        Date.parse(prequeueFrom) >= Date.parse(opensAt)
      ) {
        throw new TacosError('BAD_REQUEST', { message: 'prequeueFrom must be before opensAt.' });
      }
      const item = await desk.createEvent(input, authorOf(request));
      return reply.code(201).send(wrap(item));
    },
  );

  app.get(
    '/admin/v1/events/:id',
    { config: { role: 'viewer' }, schema: { params: eventParams, response: { 200: eventItemReplySchema } } },
    async (request) => {
      const item = (await desk.listEvents()).find(({ event }) => event === request.params.id);
      if (item === undefined) throw new TacosError('EVENT_NOT_FOUND');
      return wrap(item);
    },
  );
}

const wrap = <T>(item: T) => ({
  apiVersion,
  kind: 'Event',
  asOf: new Date().toISOString(),
  item,
  warnings: [],
});
