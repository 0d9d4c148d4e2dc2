/** Who changed what, when and why. */
import { z } from 'zod';
import { auditListSchema, auditReplySchema } from '../../contract/audit.ts';
import { auditPageMax } from '../../contract/limits.ts';
import { eventIdSchema } from '../../contract/visitor-api.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import { itemOf, listOf, refusals, tags } from './common.ts';

const auditIdSchema = z.string().regex(/^aud_[A-Za-z0-9]{1,32}$/, 'aud_ and 1 to 32 letters and digits');

const auditQuery = z.object({
  event: eventIdSchema.optional(),
  limit: z.coerce.number().int().min(1).max(auditPageMax).default(50),
  /** Only records older than this one. */
  before: auditIdSchema.optional(),
});

/** Registers GET /admin/v1/audit and GET /admin/v1/audit/{id}. */
export function auditRoutes(app: TypedApp, { desk }: RouteContext): void {
  app.get(
    '/admin/v1/audit',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.changes,
        summary: 'The audit trail, newest first',
        querystring: auditQuery,
        response: { 200: auditListSchema },
      },
    },
    async ({ query: { event, limit, before } }) => {
      const parts = {
        ...(event === undefined ? {} : { event }),
        ...(before === undefined ? {} : { before }),
      };
      return listOf('AuditList', await desk.audit({ limit, ...parts }));
    },
  );

  app.get(
    '/admin/v1/audit/:id',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.changes,
        summary: 'One record of the audit trail',
        params: z.object({ id: auditIdSchema }),
        response: { 200: auditReplySchema, ...refusals(404) },
      },
    },
    async ({ params }) => itemOf('Audit', await desk.auditEntry(params.id)),
  );
}
