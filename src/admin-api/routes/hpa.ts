/** The autoscaler of the gateways. */
import { hpaQuerySchema, hpaReplySchema } from '../../contract/hpa.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import { etagOf, itemOf, refusals, tagged, tags } from './common.ts';

/** Registers GET /admin/v1/hpa. */
export function hpaRoutes(app: TypedApp, { desk }: RouteContext): void {
  app.get(
    '/admin/v1/hpa',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.server,
        summary: 'What the autoscaler of the gateways asks for, what runs, and why they differ',
        querystring: hpaQuerySchema,
        response: { 200: tagged(hpaReplySchema), ...refusals(404, 409) },
      },
    },
    async (request, reply) => {
      const hpa = await desk.hpa(request.query);
      reply.header('etag', etagOf(hpa.revision));
      return itemOf('Hpa', hpa);
    },
  );
}
