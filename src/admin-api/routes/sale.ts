/** How far the sale of an event has come; applying and rolling back are actions. */
import { findingListSchema } from '../../contract/doctor.ts';
import { saleCheckRequestSchema, saleReplySchema, saleReportReplySchema } from '../../contract/sale.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import { eventParams, itemOf, listOf, refusals, tags } from './common.ts';

/** Registers GET /admin/v1/events/{id}/sale, GET …/sale/report and POST /admin/v1/events/{id}/sale/check. */
export function saleRoutes(app: TypedApp, { desk, serverFacts, testWebhook }: RouteContext): void {
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
    async ({ params }) => itemOf('SaleStatus', await desk.sales.view(params.id)),
  );

  app.get(
    '/admin/v1/events/:id/sale/report',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.queues,
        summary: 'What is known of a sale afterwards; its changes are in the audit trail',
        params: eventParams,
        response: { 200: saleReportReplySchema, ...refusals(404) },
      },
    },
    async ({ params }) => itemOf('SaleReport', await desk.sales.report(params.id)),
  );
  app.post(
    '/admin/v1/events/:id/sale/check',
    {
      config: { role: 'operator' },
      schema: {
        tags: tags.queues,
        summary: 'The list before a sale; sends the webhook a test message',
        params: eventParams,
        body: saleCheckRequestSchema,
        response: { 200: findingListSchema, ...refusals(404) },
      },
    },
    async ({ params, body }) => {
      const facts = { server: serverFacts(), webhookTook: (await testWebhook?.()) ?? null };
      return listOf('FindingList', await desk.sales.check(params.id, body, facts));
    },
  );
}
