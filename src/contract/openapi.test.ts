import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contentOf, describeHeaders, streamEvent } from './openapi.ts';

describe('the headers of a document', () => {
  it('are those of every answer, of its status and of its route', () => {
    const etag = { description: 'Version.', schema: { type: 'string' } };
    const document = {
      openapi: '3.1.0',
      paths: { '/x': { get: { responses: { 200: { headers: { etag } }, 401: {}, 503: {} } } } },
    };
    const { paths } = describeHeaders(document, { 'tacos-environment': { description: 'Where it runs.' } });
    const {
      200: found,
      401: refused,
      503: away,
    } = paths['/x'].get.responses as Record<string, { headers?: object }>;
    expect(found?.headers).toEqual({
      etag,
      'x-request-id': expect.objectContaining({ required: true }),
      'tacos-environment': expect.objectContaining({ description: 'Where it runs.' }),
    });
    expect(refused?.headers).toHaveProperty('www-authenticate');
    expect(refused?.headers).not.toHaveProperty('retry-after');
    expect(away?.headers).toHaveProperty('retry-after');
  });
});

describe('an event of a stream', () => {
  it('is described with its name and the JSON in it', () => {
    const schema = z.toJSONSchema(streamEvent('status', z.object({ position: z.int() })));
    expect(schema).toMatchObject({
      properties: {
        event: { const: 'status' },
        data: {
          type: 'string',
          contentMediaType: 'application/json',
          contentSchema: { type: 'object', required: ['position'] },
        },
      },
    });
    expect(JSON.stringify(schema).match(/\$schema/g)).toHaveLength(1);
    const text = contentOf('text/plain', z.string(), 'A text.');
    expect(Object.keys(text.content)).toEqual(['text/plain']);
  });
});
