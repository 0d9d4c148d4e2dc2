/** A user or a password that Redis does not take: gateway and admin API say which, in their log and at /readyz. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { type Program, startProgram } from '../helpers/processes.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

const patience = { withinMs: 20_000, everyMs: 100 };
const wrong = 'Redis refuses the user tacos (WRONGPASS)';
const programs = {
  gateway: ['dist/gateway/main.js', '--port', '0', '--grpc-port', '0', '--workers', '1'],
  'admin API': ['dist/admin-api/main.js'],
} as const;

let server: TestRedis;
let look: ReturnType<TestRedis['client']>;
beforeAll(async () => {
  server = await startRedis();
  // Signed in before there is a password, and so for as long as it stays.
  look = server.client();
  await look.call('ACL', 'SETUSER', 'tacos', 'on', '>pa55word', '~*', '&*', '+@all');
  await look.call('ACL', 'SETUSER', 'default', 'resetpass', '>of-the-admin');
});
afterAll(() => server?.stop());

const start = (name: keyof typeof programs, env: Record<string, string>): Promise<Program> =>
  startProgram({
    argv: programs[name],
    env: {
      SERVER_ENVIRONMENT: 'test',
      ...(name === 'gateway' ? {} : { ADMIN_ADDRESS: '127.0.0.1:0' }),
      ADMIN_TOKENS: 'admin:ann:admin-token-0123456789',
      REDIS_ADDRESS: `127.0.0.1:${server.port}`,
      ...env,
    },
    ready: /^listening (http:\S+)$/m,
  });

/** What /readyz says of Redis. */
async function redisOf(program: Program): Promise<object | undefined> {
  const reply = await fetch(`${program.ready[1]}/readyz`);
  return ((await reply.json()) as { dependencies: { redis?: object } }).dependencies.redis;
}
const said = (program: Program): string => Object.values(program.output()).join('');
const refused = (program: Program, detail: string): Promise<void> =>
  eventually(async () => {
    expect(await redisOf(program)).toEqual({ ok: false, detail });
    expect(said(program)).toContain(detail);
  }, patience);

describe.each(['gateway', 'admin API'] as const)('the %s', (name) => {
  it('says that it starts with a wrong password, and never the password', async () => {
    const program = await start(name, { REDIS_USERNAME: 'tacos', REDIS_PASSWORD: 'not-the-word' });
    try {
      await refused(program, wrong);
      expect(said(program)).not.toContain('not-the-word');
      expect(said(program)).not.toContain('Redis does not answer yet');
    } finally {
      await program.stop();
    }
  });

  it('says that it starts without one', async () => {
    const program = await start(name, {});
    try {
      await refused(program, 'Redis refuses the user default (NOAUTH)');
    } finally {
      await program.stop();
    }
  });

  it('says that the password has changed, in words of ours, and that it fits again', async () => {
    const program = await start(name, { REDIS_USERNAME: 'tacos', REDIS_PASSWORD: 'pa55word' });
    try {
      const fits = () =>
        eventually(
          async () => expect(await redisOf(program)).toEqual({ ok: true, detail: 'ready' }),
          patience,
        );
      await fits();
      await look.call('ACL', 'SETUSER', 'tacos', 'resetpass', '>another');
      await look.call('CLIENT', 'KILL', 'USER', 'tacos');
      await refused(program, wrong);
      await look.call('ACL', 'SETUSER', 'tacos', '>pa55word');
      await fits();
      expect(said(program)).not.toMatch(/max retries|pa55word/);
    } finally {
      await program.stop();
    }
  });
});
