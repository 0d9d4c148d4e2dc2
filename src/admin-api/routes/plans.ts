/** What a change would do. */
import { planRequestSchema, planSchema } from '../../contract/actions.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import { authorOf } from '../auth.ts';
import { refusals, tags } from './common.ts';

/** Registers POST /admin/v1/plans. It changes nothing, so viewers may plan too. */
export function planRoutes(app: TypedApp, { desk }: RouteContext): void {
  app.post(
    '/admin/v1/plans',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.changes,
        summary: 'What an action would do; changes nothing',
        body: planRequestSchema,
        response: { 200: planSchema, ...refusals(404, 409, 412, 422) },
      },
    },
    async (request) => desk.plan(request.body, authorOf(request)),
  );
}
