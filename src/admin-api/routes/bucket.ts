/** The token bucket of an event: read it, change it. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  apiVersion,
  bucketChangeSchema,
  bucketItemReplySchema,
  changeReplySchema,
} from '../../contract/admin-api.ts';
import { TacosError } from '../../contract/errors.ts';
import { idempotencyKeyCharsMax } from '../../contract/limits.ts';
import { burstWarnings } from '../advice.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import { authorOf } from '../auth.ts';
import { eventParams } from './events.ts';
import { currentSnapshot } from './snapshot.ts';

const changeHeaders = z.object({
  /** The revision that the change was planned on, as in the ETag of GET. */
  'if-match': z
    .string()
    .regex(/^(W\/)?"?\d{1,15}"?$/, 'a revision, such as "18"')
    .optional(),
  'idempotency-key': z
    .string()
    .max(idempotencyKeyCharsMax)
    .regex(/^[\x21-\x7e]+$/, 'printable characters without spaces')
    .optional(),
});

/** Registers GET and PATCH /admin/v1/events/{id}/bucket. */
export function bucketRoutes(app: TypedApp, { desk }: RouteContext): void {
  app.get(
    '/admin/v1/events/:id/bucket',
    { config: { role: 'viewer' }, schema: { params: eventParams, response: { 200: bucketItemReplySchema } } },
    async (request, reply) => {
      const { id } = request.params;
      const { bucket, asOf, revision } = await currentSnapshot(desk, id);
      reply.header('etag', `"${revision}"`);
      return {
        apiVersion,
        kind: 'Bucket',
        asOf,
        item: { event: id, ...bucket },
        warnings: burstWarnings(bucket),
      };
    },
  );

  app.patch(
    '/admin/v1/events/:id/bucket',
    {
      config: { role: 'operator' },
      schema: {
        params: eventParams,
        headers: changeHeaders,
        body: bucketChangeSchema,
        response: { 200: changeReplySchema },
      },
    },
    async (request, reply) => {
      const ifMatch = request.headers['if-match'];
      const ifRevision = ifMatch === undefined ? undefined : Number(ifMatch.replace(/\D/g, ''));
      const change = await desk.changeBucket(request.params.id, request.body, {
        ...(ifRevision === undefined ? {} : { ifRevision }),
        changeId: request.headers['idempotency-key'] ?? randomUUID(),
        author: authorOf(request),
      });
      if (!change.applied && ifRevision !== undefined && ifRevision !== change.revision) {
        throw new TacosError('VERSION_CONFLICT', {
          message: `The settings are at revision ${change.revision} now.`,
        });
      }
      reply.header('etag', `"${change.revision}"`);
      return { ...change, warnings: [...new Set([...change.warnings, ...burstWarnings(change.after)])] };
    },
  );
}
