/** Bodies of requests: read with a bound, then parsed and checked against their schema. */
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { type Refusal, refuse } from '../../contract/errors.ts';
import { bodyBytesMax } from '../../contract/limits.ts';

/**
 * Reads the body, then calls `done` once: with the bytes, or with undefined as soon as there are too many (what still
 * comes is the caller's to drain). A client that goes away half-way is not heard of again.
 */
export function readBody(request: IncomingMessage, done: (body: Buffer | undefined) => void): void {
  if (Number(request.headers['content-length'] ?? 0) > bodyBytesMax) {
    done(undefined);
    return;
  }
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  let bytes = 0;
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) {
      request.off('data', onData).off('end', onEnd);
      done(undefined);
    } else if (first === undefined) first = chunk;
    else if (more === undefined) more = [first, chunk];
    else more.push(chunk);
  };
  const onEnd = (): void => done(more === undefined ? (first ?? Buffer.alloc(0)) : Buffer.concat(more));
  request.on('data', onData).on('end', onEnd);
}

/** The body as its schema has it. Fields that the schema does not name are dropped. */
export function parseBody<T>(
  headers: IncomingHttpHeaders,
  body: Buffer,
  schema: z.ZodType<T>,
): { readonly ok: true; readonly value: T } | Refusal {
  if (!isJson(headers)) return refuse('UNSUPPORTED_MEDIA_TYPE');
  let json: unknown;
  try {
    if (!isUtf8(body)) return notJson;
    json = JSON.parse(body.toString());
  } catch {
    return notJson;
  }
  if (
    typeof json === 'object' &&
    json !== null &&
    (Object.hasOwn(json, '__proto__') || Object.hasOwn(json, 'constructor'))
  ) {
    return refuse('BAD_REQUEST', { message: 'The body has a field that is not allowed.' });
  }
  return checkShape(json, schema);
}

/** A value as its schema has it, or why it is not. */
export function checkShape<T>(
  value: unknown,
  schema: z.ZodType<T>,
): { readonly ok: true; readonly value: T } | Refusal {
  const checked = schema.safeParse(value);
  if (checked.success) return { ok: true, value: checked.data };
  const issue = checked.error.issues[0];
  const where = issue?.path.map(String).join('.') || 'body';
  return refuse('BAD_REQUEST', { message: `${where}: ${issue?.message ?? 'not valid'}` });
}

const notJson = refuse('BAD_REQUEST', { message: 'The body is not valid JSON.' });

/** JSON in UTF-8, not compressed. */
function isJson(headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type'];
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return false;
  if (type === 'application/json') return true;
  return type !== undefined && /^application\/json\s*(;\s*charset="?utf-8"?\s*)?;?\s*$/i.test(type);
}
