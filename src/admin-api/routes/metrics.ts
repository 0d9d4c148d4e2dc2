/** The figures of this process, for Prometheus. */
import { z } from 'zod';
import { contentOf } from '../../contract/openapi.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import { createAdminRegistry, metricsType } from '../metrics.ts';
import { tags } from './common.ts';

/** Registers GET /metrics: for viewers, or for everybody where it was opened. */
export function metricsRoutes(app: TypedApp, { desk, version, metricsOpen }: RouteContext): void {
  const registry = createAdminRegistry({ figures: () => desk.figures(), version });
  app.get(
    '/metrics',
    {
      config: { role: metricsOpen === true ? 'public' : 'viewer' },
      schema: {
        tags: tags.server,
        summary: 'Figures for Prometheus',
        ...(metricsOpen === true ? { security: [] } : {}),
        response: { 200: contentOf('text/plain', z.string(), 'Prometheus text format') },
      },
    },
    async (_request, reply) => {
      const text = await registry.metrics();
      return reply.type(metricsType).serializer(String).send(text);
    },
  );
}
