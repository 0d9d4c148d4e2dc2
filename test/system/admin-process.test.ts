import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { type Program, startProgram } from '../helpers/processes.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

const token = 'admin-token-0123456789';
const argv = ['dist/admin-api/main.js'];
const ready = /^listening (http:\S+)$/m;

let redis: TestRedis;
let programs: Program[] = [];
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  await Promise.all(programs.map((program) => program.stop()));
  programs = [];
});
afterAll(() => redis.stop());

async function start(env: Record<string, string> = {}): Promise<{ program: Program; origin: string }> {
  const program = await startProgram({
    argv,
    env: {
      ADMIN_ADDRESS: '127.0.0.1:0',
      ADMIN_TOKENS: `admin:ann:${token}`,
      REDIS_ADDRESS: `127.0.0.1:${redis.port}`,
      ...env,
    },
    ready,
  });
  programs.push(program);
  return { program, origin: program.ready[1] ?? '' };
}

/** An answer's body, taken at its word. */
interface Body {
  readonly hash: string;
  readonly status: string;
  readonly items: readonly object[];
  readonly item: { readonly refillPerSec: { readonly now: number } };
  readonly error: { readonly code: string };
}
const bodyOf = async (reply: Response) => (await reply.json()) as Body;

const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };

describe('the process of the admin API', () => {
  it('makes an event by an action, shows it, audits it, and stops in good order with a stream open', async () => {
    const { program, origin } = await start({ ENVIRONMENT_NAME: 'staging' });
    await eventually(async () => (await fetch(`${origin}/readyz`)).ok);
    const get = async (path: string) => bodyOf(await fetch(`${origin}${path}`, { headers }));
    const request = { events: ['evt_new'], action: { type: 'event.create', name: 'New', refillPerSec: 20 } };
    const post = (path: string, body: object) =>
      fetch(`${origin}/admin/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) });

    const plan = await bodyOf(await post('/plans', request));
    expect(plan).toMatchObject({ kind: 'Plan', action: 'event.create' });
    const change = await bodyOf(await post('/actions', { ...request, planHash: plan.hash }));
    expect(change).toMatchObject({ kind: 'Change', results: [{ event: 'evt_new', applied: true }] });
    const { items } = await get('/admin/v1/audit?event=evt_new');
    expect(items[0]).toMatchObject({ action: 'event.create', actor: 'ann', role: 'admin' });

    const bucket = await fetch(`${origin}/admin/v1/events/evt_new/bucket`, { headers });
    expect((await bodyOf(bucket)).item.refillPerSec.now).toBe(20);
    expect(bucket.headers.get('etag')).toMatch(/^"\d+"$/);
    expect(bucket.headers.get('tacos-environment')).toBe('staging');

    const stream = await fetch(`${origin}/admin/v1/events/evt_new/stream`, { headers });
    const ended = stream.text();
    await program.stop();
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(await ended).toContain('event: snapshot');
    const log = program.output().stderr;
    expect(log).toContain('"action":"event.create"');
    expect(log).not.toContain(token);
  });

  it('is not ready without Redis, and becomes ready by itself', async () => {
    await redis.kill();
    const { origin } = await start();
    const away = await fetch(`${origin}/readyz`);
    expect([away.status, (await bodyOf(away)).status]).toEqual([503, 'not_ready']);
    const refused = await fetch(`${origin}/admin/v1/events`, { headers });
    expect([refused.status, (await bodyOf(refused)).error.code]).toEqual([503, 'UNAVAILABLE']);
    await redis.restart();
    await eventually(async () => (await fetch(`${origin}/readyz`)).ok, { withinMs: 15_000 });
  });

  it('says which variable to change where its port is in use', async () => {
    const { origin } = await start();
    const again = start({ ADMIN_ADDRESS: new URL(origin).host });
    await expect(again).rejects.toThrow(
      /port \d+ of 127\.0\.0\.1 is in use: choose another by ADMIN_ADDRESS/,
    );
  });

  it('prints settings and problems both, without secrets', async () => {
    const failed = startProgram({
      argv: [...argv, '--print-config'],
      env: { ADMIN_TOKENS: '', ADMIN_TOKEN_FILE: '', LOG_LEVEL: 'loud', REDIS_PASSWORD: 'hunter22' },
      ready: /never/,
    });
    const words = await failed.then(
      () => '',
      (error: Error) => error.message,
    );
    expect(words).toContain('ended before it was ready (2)');
    expect(words).toContain('LOG_LEVEL=loud  # environment');
    expect(words).toContain('error: LOG_LEVEL is "loud"');
    expect(words).toContain('error: ADMIN_TOKENS is not set');
    expect(words).not.toContain('hunter22');
  });
});
