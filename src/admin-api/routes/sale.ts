/** How far the sale of an event has come; applying and rolling back are actions. */
import { saleReplySchema } from '../../contract/sale.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import { eventParams, itemOf, refusals, tags } from './common.ts';

/** Registers GET /admin/v1/events/{id}/sale. */
export function saleRoutes(app: TypedApp, { desk }: RouteContext): void {
  app.get(
    '/admin/v1/events/:id/sale',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.queues,
        summary: 'The sale of a queue: its steps, and what became of each',
        params: eventParams,
        response: { 200: saleReplySchema, ...refusals(404) },
      },
    },
    async ({ params }) => itemOf('SaleStatus', await desk.sale(params.id)),
  );
}
