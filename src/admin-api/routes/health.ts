/** Liveness, readiness, version and the API's own description. */
import { z } from 'zod';
import { versionReplySchema } from '../../contract/admin-api.ts';
import type { RouteContext, TypedApp } from '../app.ts';

const readySchema = z.object({
  ready: z.boolean(),
  dependencies: z.object({ redis: z.object({ ok: z.boolean() }) }),
});

/** Registers /healthz, /readyz, /version and /openapi.json; none needs a token. */
export function healthRoutes(app: TypedApp, { desk, version, environment }: RouteContext): void {
  const config = { role: 'public' } as const;
  const security: [] = [];

  app.get(
    '/healthz',
    { config, schema: { security, response: { 200: z.object({ status: z.literal('ok') }) } } },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/readyz',
    { config, schema: { security, response: { 200: readySchema, 503: readySchema } } },
    async (_request, reply) => {
      if (!desk.ready) reply.code(503).header('retry-after', 1);
      return { ready: desk.ready, dependencies: { redis: { ok: desk.ready } } };
    },
  );

  app.get('/version', { config, schema: { security, response: { 200: versionReplySchema } } }, async () => ({
    version,
    environment,
  }));

  app.get('/openapi.json', { config, schema: { security, hide: true } }, async (_request, reply) =>
    reply.type('application/json').serializer(JSON.stringify).send(app.swagger()),
  );
}
