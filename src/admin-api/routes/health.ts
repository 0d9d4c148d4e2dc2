/** What machines ask about the server itself; none of it needs a token. */
import { z } from 'zod';
import { versionReplySchema } from '../../contract/admin-api.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import { tags } from './common.ts';

/** Oldest CLI that this server is tested with: below it some answers cannot be read. */
const minCliVersion = '0.1.0';

const readinessSchema = z.object({
  status: z.enum(['ready', 'not_ready']),
  dependencies: z.record(z.string(), z.object({ ok: z.boolean(), detail: z.string() })),
});

/** Registers /healthz, /readyz, /version and /openapi.json. */
export function healthRoutes(app: TypedApp, { desk, version, environment, logins }: RouteContext): void {
  const config = { role: 'public' } as const;
  const common = { tags: tags.server, security: [] };

  app.get(
    '/healthz',
    {
      config,
      schema: { ...common, summary: 'Liveness', response: { 200: z.object({ status: z.literal('ok') }) } },
    },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/readyz',
    {
      config,
      schema: { ...common, summary: 'Readiness', response: { 200: readinessSchema, 503: readinessSchema } },
    },
    async (_request, reply) => {
      const { ready, connections } = desk;
      const { refusal } = connections;
      if (!ready) reply.code(503).header('retry-after', 1);
      return {
        status: ready ? ('ready' as const) : ('not_ready' as const),
        dependencies: {
          redis: { ok: ready && refusal === undefined, detail: refusal ?? (ready ? 'ready' : 'no answer') },
        },
      };
    },
  );

  app.get(
    '/version',
    {
      config,
      schema: {
        ...common,
        summary: 'Version, environment and where to log in',
        response: { 200: versionReplySchema },
      },
    },
    async () => ({ version, environment, minCliVersion, logins: [...logins] }),
  );

  app.get('/openapi.json', { config, schema: { hide: true } }, async (_request, reply) =>
    reply.type('application/json').serializer(JSON.stringify).send(app.swagger()),
  );
}
