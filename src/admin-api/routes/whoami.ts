/** Who the caller is, as the server sees it. */
import { whoamiReplySchema } from '../../contract/admin-api.ts';
import type { TypedApp } from '../app.ts';
import { callerOf } from '../auth.ts';
import { itemOf, tags } from './common.ts';

/** Registers GET /admin/v1/whoami. */
export function whoamiRoutes(app: TypedApp): void {
  app.get(
    '/admin/v1/whoami',
    {
      config: { role: 'viewer' },
      schema: {
        tags: tags.server,
        summary: 'Name and role of the caller',
        response: { 200: whoamiReplySchema },
      },
    },
    async (request) => {
      const { name, role, issuer, expiresAtMs } = callerOf(request);
      const expiresAt = expiresAtMs === undefined ? {} : { expiresAt: new Date(expiresAtMs).toISOString() };
      return itemOf('Whoami', { name, role, issuer, ...expiresAt });
    },
  );
}
