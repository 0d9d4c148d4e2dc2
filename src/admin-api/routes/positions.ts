/** The line itself: who stands where. */
import { z } from 'zod';
import { snapshotRowsMax } from '../../contract/limits.ts';
import { positionListSchema, positionsPageMax } from '../../contract/visitors.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import { eventParams, listOf, refusals, tags } from './common.ts';

const pageQuery = z.object({
  /** First position. */
  from: z.coerce.number().int().min(1).max(1_000_000_000).default(1),
  limit: z.coerce.number().int().min(1).max(positionsPageMax).default(snapshotRowsMax),
});

/** Registers GET /admin/v1/events/{id}/positions. */
export function positionRoutes(app: TypedApp, { desk }: RouteContext): void {
  app.get(
    '/admin/v1/events/:id/positions',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.queues,
        summary: 'A part of the line, visitors by reference',
        params: eventParams,
        querystring: pageQuery,
        response: { 200: positionListSchema, ...refusals(404) },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { rows, waiting, away } = await desk.positions(id, request.query);
      return { ...listOf('PositionList', rows), event: id, waiting, away };
    },
  );
}
