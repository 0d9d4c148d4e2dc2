/** What is wrong, the cause first. */
import { z } from 'zod';
import { findingListSchema } from '../../contract/doctor.ts';
import { eventIdSchema } from '../../contract/visitor-api.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import { listOf, refusals, tags } from './common.ts';

/** Registers GET /admin/v1/doctor. */
export function doctorRoutes(app: TypedApp, { desk, serverFacts }: RouteContext): void {
  app.get(
    '/admin/v1/doctor',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.server,
        summary: 'Checks of one event, or of all that are not closed',
        querystring: z.object({ event: eventIdSchema.optional() }),
        response: { 200: findingListSchema, ...refusals(404) },
      },
    },
    async ({ query }) => listOf('FindingList', await desk.doctor(query.event, serverFacts())),
  );
}
