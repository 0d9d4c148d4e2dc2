/** What may never stand in a log, whatever goes wrong and however it gets there: the same for both servers. */
import { describe, expect, it } from 'vitest';
import { createLogger as adminLogger } from '../../src/admin-api/logger.ts';
import { createLogger as gatewayLogger } from '../../src/gateway/logger.ts';

const secrets = {
  jwt: 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLW9mLWFsaWNl',
  waiting: 't1.k1.cGF5bG9hZC1vZi1hLXBsYWNl.bWFjLW9mLWEtcGxhY2U',
  opaque: 'opaque-0123456789',
  cookie: 'session-0123456789',
  password: 'pa55-word@/odd',
  key: 'idempotency-0123456789',
} as const;
const { jwt, waiting, opaque, cookie, password, key } = secrets;

/** Each as somebody might log it. */
const details: readonly object[] = [
  { err: new Error(`the token ${jwt} is not valid`) },
  { err: new Error('outer', { cause: new Error(`waiting_token=${waiting}`) }) },
  {
    err: Object.assign(new Error('refused'), { config: { headers: { Authorization: `Bearer ${opaque}` } } }),
  },
  { err: new Error(`connect redis://default:${password}@10.0.0.1:6379 failed`) },
  { err: new Error(`GET /api/v1/queue/status?event=evt_x&token=${opaque}`) },
  { err: new Error(`request failed:\ncookie: a=${cookie}; b=${cookie}\nidempotency-key: ${key}`) },
  { err: new AggregateError([new Error(`Bearer ${opaque}`), new Error(waiting)], 'all failed') },
  { reason: `${jwt} ${waiting}`, deep: { a: { b: { c: { d: { reservation_token: opaque } } } } } },
  { headers: { cookie: `a=${cookie}`, 'set-cookie': [`b=${cookie}`], 'idempotency-key': key } },
  { request: { headers: { authorization: opaque, 'Idempotency-Key': key } }, token: opaque },
  { body: JSON.stringify({ password, waiting_token: opaque, reservation_token: opaque }) },
  { url: `/api/v1/queue/leave?token=${opaque}`, idempotencyKey: key, password },
  { list: [{ token: opaque }, jwt, { nested: [{ secret: opaque }] }] },
];

const loggers = {
  gateway: (write: (text: string) => void) =>
    gatewayLogger({ level: 'trace', environmentName: 'test', workerId: 'g/w1' }, { write }),
  admin: (write: (text: string) => void) =>
    adminLogger({ level: 'trace', environmentName: 'test', worker: 'admin' }, { write }),
};

describe.each(Object.entries(loggers))('the log of the %s', (_, createLogger) => {
  it.each(details.map((detail, index) => [index, detail] as const))(
    'hides credentials, case %i',
    (_, detail) => {
      const lines: string[] = [];
      const log = createLogger((text) => lines.push(text));
      log.error({ ...detail, traceId: 'a'.repeat(32) }, 'it failed');
      log.child(detail).info('in a child');
      expect(lines.length).toBe(2);
      for (const secret of Object.values(secrets)) expect(lines.join('')).not.toContain(secret);
      expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'it failed', traceId: 'a'.repeat(32) });
      JSON.parse(lines[1] ?? '');
    },
  );

  it.each([jwt, waiting, `Bearer ${opaque}`, `password: ${password}`])(
    'hides it in the message: %s',
    (text) => {
      const lines: string[] = [];
      createLogger((line) => lines.push(line)).warn(text);
      for (const secret of Object.values(secrets)) expect(lines.join('')).not.toContain(secret);
    },
  );
});
