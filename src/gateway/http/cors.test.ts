import { afterEach, describe, expect, it } from 'vitest';
import { goodToken } from '../../../test/helpers/fake-line.ts';
import { startVisitorServer, type VisitorServer } from '../../../test/helpers/visitor-server.ts';

let server: VisitorServer;
afterEach(() => server.close());

const start = async (origins: string[]): Promise<void> => {
  server = await startVisitorServer({ config: { corsAllowOrigins: origins } });
};

/** A request to each way in, and to a cold route. */
async function corsHeaders(origin?: string): Promise<(string | null)[][]> {
  const headers = origin === undefined ? {} : { origin };
  const paths = [`/api/v1/queue/status?token=${goodToken}`, '/api/v1/queue/%73tatus', '/healthz', '/nothing'];
  const replies = await Promise.all(paths.map((path) => fetch(server.url + path, { headers })));
  return replies.map((reply) => [
    reply.headers.get('access-control-allow-origin'),
    reply.headers.get('vary'),
  ]);
}

const preflight = (origin: string): Promise<Response> =>
  fetch(`${server.url}/api/v1/queue/join`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,idempotency-key',
    },
  });

describe('CORS', () => {
  it('says nothing when no origin is allowed', async () => {
    await start([]);
    for (const headers of await corsHeaders('https://a.example')) expect(headers).toEqual([null, null]);
    expect((await preflight('https://a.example')).headers.get('access-control-allow-methods')).toBeNull();
  });

  it('allows listed origins by name and says that answers differ', async () => {
    await start(['https://a.example', 'https://b.example']);
    for (const headers of await corsHeaders('https://b.example')) {
      expect(headers).toEqual(['https://b.example', 'Origin']);
    }
    for (const headers of await corsHeaders('https://evil.example'))
      expect(headers).toEqual([null, 'Origin']);
    for (const headers of await corsHeaders()) expect(headers).toEqual([null, 'Origin']);
  });

  it('allows all by *', async () => {
    await start(['*']);
    for (const headers of await corsHeaders('https://a.example')) expect(headers).toEqual(['*', null]);
  });

  it('answers a preflight with what may be sent, and for how long that holds', async () => {
    await start(['https://a.example']);
    const reply = await preflight('https://a.example');
    expect(reply.status).toBe(204);
    expect(reply.headers.get('access-control-allow-origin')).toBe('https://a.example');
    expect(reply.headers.get('access-control-allow-methods')).toBe('OPTIONS, POST');
    expect(reply.headers.get('access-control-allow-headers')).toMatch(/authorization.*idempotency-key/);
    expect(reply.headers.get('access-control-max-age')).toBe('7200');
    expect(reply.headers.get('vary')).toBe('Origin');
    const other = await preflight('https://evil.example');
    expect([other.status, other.headers.get('access-control-allow-methods')]).toEqual([204, null]);
  });

  it('lets pages read the request id, Retry-After and whether an answer is a repeat', async () => {
    await start(['*']);
    const reply = await fetch(`${server.url}/healthz`, { headers: { origin: 'https://a.example' } });
    expect(reply.headers.get('access-control-expose-headers')).toBe(
      'Idempotency-Replayed, Retry-After, X-Request-Id',
    );
  });
});
