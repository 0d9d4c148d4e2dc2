/** What machines ask about the gateway itself: is it alive, ready, which version, its figures. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import project from '../../../package.json' with { type: 'json' };
import { contentOf } from '../../contract/openapi.ts';
import { combineReadiness, type Peers } from '../fleet/peers.ts';
import { metricsType, renderMetrics } from '../metrics/registry.ts';

const tags = ['gateway'];

const dependencySchema = z.object({ ok: z.boolean(), detail: z.string() });

const readinessSchema = z.object({
  status: z.enum(['ready', 'not_ready']),
  dependencies: z.record(z.string(), dependencySchema),
});

const versionSchema = z.object({
  name: z.string(),
  version: z.string(),
  node: z.string(),
  environment: z.string(),
});

/** A prober comes back soon: readiness changes within a second. */
const readyRetryAfterSec = '1';

export interface HealthOptions {
  readonly peers: Peers;
  readonly environmentName: string;
}

export async function healthRoutes(
  app: FastifyInstance,
  { peers, environmentName }: HealthOptions,
): Promise<void> {
  app.get(
    '/healthz',
    { schema: { tags, summary: 'Liveness', response: { 200: z.object({ status: z.literal('ok') }) } } },
    async () => ({ status: 'ok' }),
  );
  app.get(
    '/readyz',
    {
      schema: {
        tags,
        summary: 'Readiness of all workers of this gateway',
        response: { 200: readinessSchema, 503: readinessSchema },
      },
    },
    async (_, reply) => {
      const { ready, dependencies } = combineReadiness(await peers.collect('readiness'));
      if (!ready) reply.code(503).header('retry-after', readyRetryAfterSec);
      return { status: ready ? 'ready' : 'not_ready', dependencies };
    },
  );
  app.get(
    '/version',
    { schema: { tags, summary: 'Version of the gateway', response: { 200: versionSchema } } },
    async () => ({
      name: project.name,
      version: project.version,
      node: process.version,
      environment: environmentName,
    }),
  );
  app.get(
    '/metrics',
    {
      schema: {
        tags,
        summary: 'Figures of all workers, for Prometheus',
        response: { 200: contentOf('text/plain', z.string(), 'Prometheus text format') },
      },
    },
    async (_, reply) => {
      const { reports } = await peers.collect('metrics');
      return reply.type(metricsType).send(await renderMetrics([...reports]));
    },
  );
}
