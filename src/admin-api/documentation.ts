/** The API's description of itself: OpenAPI 3.1 at /openapi.json, and pages to read it at /swagger. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { documentationPrefix } from './auth.ts';

const description = `Steers the waiting rooms: reads their state, plans changes and makes them.

Every change goes two ways: \`POST /admin/v1/plans\` says what it would do, \`POST /admin/v1/actions\` does it, with the
plan's hash, an \`If-Match\` and an \`Idempotency-Key\`. Times are RFC 3339 in UTC, durations in seconds, rates per
second. Roles: viewer reads and plans, operator acts, admin also overrides guard rails and sets the budget.`;

/** Collects the routes that are registered from now on, and serves the pages; all files come from this server. */
export async function addDocumentation(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'tacos admin API', description, version },
      tags: [
        { name: 'queues', description: 'The state of queues' },
        { name: 'changes', description: 'Plans, actions and their audit trail' },
        { name: 'server', description: 'The server itself' },
      ],
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
      security: [{ bearer: [] }],
    },
    transform: jsonSchemaTransform,
  });
  await app.register(swaggerUi, {
    routePrefix: documentationPrefix,
    staticCSP: true,
    transformStaticCSP: ownFilesOnly,
    uiConfig: { validatorUrl: null },
  });
}

/** Without other hosts, and without the upgrade to https, which would break the pages behind a plain http tunnel. */
const ownFilesOnly = (policy: string): string =>
  policy
    .replace(/ ?upgrade-insecure-requests;?/, '')
    .replaceAll(' https:', '')
    .replaceAll(' validator.swagger.io', '');
