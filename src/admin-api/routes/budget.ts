/** The admissions a second that all events together may use. */
import { budgetReplySchema } from '../../contract/admin-api.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import { etagOf, itemOf, tagged, tags } from './common.ts';

/** Registers GET /admin/v1/budget. */
export function budgetRoutes(app: TypedApp, { desk }: RouteContext): void {
  app.get(
    '/admin/v1/budget',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.queues,
        summary: 'The budget of all events and what is used of it',
        response: { 200: tagged(budgetReplySchema) },
      },
    },
    async (_request, reply) => {
      const budget = await desk.budget();
      reply.header('etag', etagOf(budget.revision));
      return itemOf('Budget', budget);
    },
  );
}
