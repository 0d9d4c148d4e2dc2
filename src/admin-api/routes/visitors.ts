/** One visitor's story. */
import { z } from 'zod';
import { visitorRefPattern, visitorReplySchema } from '../../contract/visitors.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import { eventParams, itemOf, refusals, tags } from './common.ts';

const visitorParams = eventParams.extend({
  ref: z.string().regex(visitorRefPattern, 'v_ and 8 characters, #position, user:ID or sub:ID'),
});

/** Registers GET /admin/v1/events/{id}/visitors/{ref}. */
export function visitorRoutes(app: TypedApp, { desk }: RouteContext): void {
  app.get(
    '/admin/v1/events/:id/visitors/:ref',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.queues,
        summary: "A visitor's story",
        description:
          'Named by reference `v_…`, position `#12`, or the id that they joined with: `user:ID`, `sub:ID`. ' +
          'URL-encoded: `#` is `%23`.',
        params: visitorParams,
        response: { 200: visitorReplySchema, ...refusals(404) },
      },
    },
    async ({ params }) => itemOf('Visitor', await desk.visitor(params.id, params.ref)),
  );
}
