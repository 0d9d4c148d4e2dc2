/** The one place where the admin API turns errors into answers. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { errorBody, errorCatalogue, type Refusal, refuse, TacosError } from '../contract/errors.ts';

/** Installs the error and not-found handlers. Refusals and bad input are answered as such, the rest is a bug: 500. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError | TacosError, request, reply) => {
    const refusal = refusalOf(error);
    if (refusal.code === 'INTERNAL')
      request.log.error({ err: error, route: request.routeOptions.url }, 'a request failed');
    return answer(refusal, request, reply);
  });
  app.setNotFoundHandler((request, reply) => answer(refuse('NOT_FOUND'), request, reply));
}

/** Sends a refusal in the common shape. */
export function answer(refusal: Refusal, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status } = errorCatalogue[refusal.code];
  if (status === 429 || status === 503) reply.header('retry-after', refusal.retryAfterSec ?? 1);
  // A plain string: the body is not one of the route's own schemas.
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .serializer((payload) => payload as string)
    .send(JSON.stringify(errorBody(refusal, request.id)));
}

function refusalOf(error: FastifyError | TacosError): Refusal {
  if (error instanceof TacosError) return error.refusal;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const parts = error.validation.map(({ instancePath, message }) => {
      const field = instancePath.replace(/^\//, '').replaceAll('/', '.');
      return field === '' ? message : `${field}: ${message}`;
    });
    return refuse('BAD_REQUEST', { message: `The request is not valid: ${parts.join('; ')}.` });
  }
  switch (error.statusCode) {
    case 413:
      return refuse('BODY_TOO_LARGE');
    case 415:
      return refuse('UNSUPPORTED_MEDIA_TYPE');
    case 400:
      return refuse('BAD_REQUEST', { message: 'The body is not valid JSON.' });
    case 503:
      return refuse('OVERLOADED');
    default:
      return refuse('INTERNAL');
  }
}
