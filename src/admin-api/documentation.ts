/** The API's description of itself: OpenAPI 3.1 at /openapi.json, and pages to read it at /swagger. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { environmentHeader } from '../contract/admin-api.ts';
import { describeHeaders } from '../contract/openapi.ts';
import { errorReplySchema } from '../contract/visitor-api.ts';
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
    transform: (route) => jsonSchemaTransform(withCommonRefusals(route)),
    transformObject: (document) =>
      'openapiObject' in document
        ? describeHeaders(document.openapiObject, environmentOfAnswers)
        : document.swaggerObject,
  });
  await app.register(swaggerUi, {
    routePrefix: documentationPrefix,
    staticCSP: true,
    transformStaticCSP: ownFilesOnly,
    uiConfig: { validatorUrl: null },
  });
}

const environmentOfAnswers = {
  [environmentHeader]: { description: 'Where this server runs, by its own name.' },
};

type RouteToDescribe = Parameters<typeof jsonSchemaTransform>[0];

/** The route with the refusals that follow from its kind: input, credentials and a Redis that can be away. */
function withCommonRefusals(document: RouteToDescribe): RouteToDescribe {
  const { schema, route } = document;
  if (schema?.response === undefined) return document;
  const { params, querystring, headers, body } = schema;
  const hasInput = [params, querystring, headers, body].some((part) => part !== undefined);
  const isPublic = route.config?.role === 'public';
  const statuses = [
    ...(hasInput ? [400] : []),
    ...(isPublic ? [] : [401, 403, 503]),
    ...(body === undefined ? [] : [413, 415]),
  ];
  const refusals = Object.fromEntries(statuses.map((status) => [status, errorReplySchema]));
  return { ...document, schema: { ...schema, response: { ...refusals, ...(schema.response as object) } } };
}

/** Without other hosts, and without the upgrade to https, which would break the pages behind a plain http tunnel. */
const ownFilesOnly = (policy: string): string =>
  policy
    .replace(/ ?upgrade-insecure-requests;?/, '')
    .replaceAll(' https:', '')
    .replaceAll(' validator.swagger.io', '');
