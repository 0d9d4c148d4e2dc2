/** Tokens that are no good, sent to real gateways by the hundred: refused, and no Redis command for any of them. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Keyring } from '../../src/queue/keyring.ts';
import { readWaitingToken, signWaitingToken } from '../../src/queue/waiting-token.ts';
import { eventually } from '../helpers/eventually.ts';
import { call, enterAt, type Fleet, joinAt, startFleet, statusAt } from '../helpers/fleet.ts';
import { scriptCalls } from '../helpers/redis-says.ts';

const many = 300;
let fleet: Fleet;
let keyring: Keyring;

beforeAll(async () => {
  fleet = await startFleet({ gateways: 2 });
  const [kid = '', secret = ''] = (fleet.env.WAITING_TOKEN_KEYS ?? '').split(':');
  keyring = new Keyring([{ kid, secret: Buffer.from(secret) }]);
}, 60_000);
afterAll(() => fleet.stop());

/** Asks in all ways that take a token; the statuses, and how many scripts ran beside the reports and sweeps of two gateways. */
async function sent(tokenOf: (at: number) => string) {
  const before = await scriptCalls(fleet.look);
  const startedMs = performance.now();
  const statuses = new Map<string, Set<number>>();
  const note = (way: string, status: number): void => {
    statuses.set(way, (statuses.get(way) ?? new Set()).add(status));
  };
  for (let from = 0; from < many; from += 50) {
    await Promise.all(
      Array.from({ length: 50 }, async (_, one) => {
        const url = fleet.urls[one % 2] ?? '';
        const token = tokenOf(from + one);
        note('status', (await statusAt(url, token)).status);
        note('enter', (await enterAt(url, token, `thief ${from + one}`)).status);
        note('leave', (await call('DELETE', `${url}/api/v1/queue/leave?token=${token}`)).status);
        note('stream', (await call('GET', `${url}/api/v1/queue/stream?token=${token}`)).status);
      }),
    );
  }
  const sec = (performance.now() - startedMs) / 1000;
  const all = [...statuses].map(([way, codes]) => [way, [...codes]]);
  return {
    statuses: Object.fromEntries(all),
    scripts: (await scriptCalls(fleet.look)) - before,
    besideMax: 50 + 40 * sec,
  };
}

const refusedEverywhere = { status: [404], enter: [404], leave: [404], stream: [404] };

describe('tokens that are no good', () => {
  it.each(['forged', 'of another event', 'of another life of the event', 'too long'])(
    'are refused without Redis: %s',
    async (kind) => {
      const [event, other] = [await fleet.event(), await fleet.event()];
      const joined = await joinAt(fleet.urls[0] ?? '', event.id);
      const good = String(joined.body.waiting_token);
      await joinAt(fleet.urls[0] ?? '', other.id);
      const known = readWaitingToken(keyring, good);
      if (known === undefined) throw new Error('the token of a place cannot be read');
      const tokens: Readonly<Record<string, () => string>> = {
        forged: () => `${good.slice(0, -22)}${randomBytes(17).toString('base64url').slice(0, 22)}`,
        // Signed by the right key: as if a place of one event were shown at another.
        'of another event': () => signWaitingToken(keyring, { ...known, event: other.id }),
        'of another life of the event': () => signWaitingToken(keyring, { ...known, life: 'zzzzzzzz' }),
        'too long': () => `${good}${'a'.repeat(400)}`,
      };
      const token = tokens[kind] ?? (() => '');
      const once = token();
      const { statuses, scripts: ran, besideMax } = await sent(kind === 'forged' ? token : () => once);
      // One token again and again is over the limit of its place some time.
      const codes = Object.values(statuses).flat();
      if (kind.startsWith('of another'))
        expect(codes.every((code) => code === 404 || code === 429)).toBe(true);
      else expect(statuses).toEqual(refusedEverywhere);
      expect(ran).toBeLessThan(besideMax);
      // Tokens of our own key count for the place that they name.
      await eventually(async () => (await statusAt(fleet.urls[1] ?? '', good)).status === 200, {
        withinMs: 20_000,
        everyMs: 200,
      });
    },
    60_000,
  );

  it('let nobody in a second time, however often an enter is replayed', async () => {
    const event = await fleet.event();
    const token = String((await joinAt(fleet.urls[0] ?? '', event.id)).body.waiting_token);
    const first = await eventually(
      async () => {
        const answer = await enterAt(fleet.urls[0] ?? '', token, 'ann');
        return answer.status === 200 && answer;
      },
      { withinMs: 20_000 },
    );
    const replay = (user: string) => enterAt(fleet.urls[1] ?? '', token, user);
    const again = await Promise.all(
      Array.from({ length: 60 }, (_, at) => replay(at % 2 ? 'ann' : `thief ${at}`)),
    );
    const passes = new Set(again.map(({ body }) => body.reservation_token).filter(Boolean));
    expect([...passes]).toEqual([first.body.reservation_token]);
    expect(again.filter((_, at) => at % 2 === 0).every(({ status }) => status !== 200)).toBe(true);
  }, 60_000);
});
