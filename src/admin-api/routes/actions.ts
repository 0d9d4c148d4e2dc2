/** Making a change. */
import { randomUUID } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import { z } from 'zod';
import { actRequestSchema, changeReplySchema, type ParsedActRequest } from '../../contract/actions.ts';
import { TacosError } from '../../contract/errors.ts';
import { idempotencyKeyCharsMax } from '../../contract/limits.ts';
import type { RouteContext, TypedApp } from '../app.ts';
import { authorOf, callerOf, forbidden, roleIncludes } from '../auth.ts';
import type { Author } from '../desk.ts';
import type { Caller } from '../sign-in/sign-in.ts';
import { etagOf, refusals, tagged, tags } from './common.ts';

const changeHeaders = z.object({
  /** The version that the change was planned on, as in the ETag of what was read. One event only. */
  'if-match': z
    .string()
    .regex(/^(W\/)?"?\d{1,15}"?$/, 'a revision, such as "18"')
    .optional(),
  /** The same key again answers as the first time and changes nothing. */
  'idempotency-key': z
    .string()
    .max(idempotencyKeyCharsMax)
    .regex(/^[\x21-\x7e]+$/, 'printable characters without spaces')
    .optional(),
});

/** Registers POST /admin/v1/actions. */
export function actionRoutes(app: TypedApp, { desk }: RouteContext): void {
  app.post(
    '/admin/v1/actions',
    {
      config: { role: 'operator' },
      schema: {
        tags: tags.changes,
        summary: 'Makes a change and waits up to 1 s for the gateways to have it',
        description: 'Role operator; admin for `override`, and for budget.set and its undo.',
        headers: changeHeaders,
        body: actRequestSchema,
        response: { 200: tagged(changeReplySchema), ...refusals(404, 409, 412, 422, 504) },
      },
    },
    async (request, reply) => {
      const { body } = request;
      refuseAboveRole(body, callerOf(request));
      const ifRevision = revisionOf(request.headers['if-match'], body.events);
      const changeId = request.headers['idempotency-key'] ?? randomUUID();
      const author = authorOf(request);
      const change = await noting(request.log, { body, author }, () =>
        desk.act(body, { ...(ifRevision === undefined ? {} : { ifRevision }), changeId, author }),
      );
      const [only, ...others] = change.results;
      if (only !== undefined && others.length === 0) reply.header('etag', etagOf(only.revision));
      return change;
    },
  );
}

/** What only admins may do. @throws TacosError FORBIDDEN */
function refuseAboveRole({ override, action }: ParsedActRequest, caller: Caller): void {
  if (roleIncludes(caller.role, 'admin')) return;
  if (override) throw forbidden(caller, 'Passing a guard rail by override needs the role admin');
  if (action.type === 'budget.set') throw forbidden(caller, 'Setting the budget needs the role admin');
}

function revisionOf(ifMatch: string | undefined, events: ParsedActRequest['events']): number | undefined {
  if (ifMatch === undefined) return undefined;
  if (events === 'all' || events.length > 1) {
    throw new TacosError('BAD_REQUEST', {
      message: 'If-Match goes with one event; the plan hash guards several.',
    });
  }
  return Number(ifMatch.replace(/\D/g, ''));
}

/** Logs who did what, whatever came of it. Reason and details stand in the audit trail. */
async function noting<T extends z.output<typeof changeReplySchema>>(
  log: FastifyBaseLogger,
  { body, author }: { body: ParsedActRequest; author: Author },
  act: () => Promise<T>,
): Promise<T> {
  const what = { author: author.name, role: author.role, action: body.action.type, events: body.events };
  try {
    const change = await act();
    const auditIds = change.results.flatMap(({ auditId }) => auditId ?? []);
    const failed = change.results.filter(({ error }) => error !== undefined).length;
    log.info({ ...what, auditIds, failed }, 'action done');
    return change;
  } catch (error) {
    const code = error instanceof TacosError ? error.refusal.code : 'INTERNAL';
    log.info({ ...what, code }, 'action refused');
    throw error;
  }
}
