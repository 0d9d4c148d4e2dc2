import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, type Fleet, joinAt, pause, startFleet } from '../helpers/fleet.ts';

describe('rate limits of four gateway processes', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    // One person's requests are counted here, not the places that they try to take at once.
    fleet = await startFleet({ gateways: 4, env: noJoinLimits });
  }, 60_000);
  afterAll(() => fleet.stop());

  const noJoinLimits = { JOIN_LIMIT_SUBJECT_PER_MIN: '0', JOIN_LIMIT_IP_PER_MIN: '0' };
  const joinLimits = { JOIN_LIMIT_IP_PER_MIN: '40', SERVER_GRPC_PORT: '0' };

  /** How often the limiter has called Redis: no other script of a gateway uses this command. */
  async function charges(): Promise<number> {
    const stats = await fleet.look.info('commandstats');
    const script = /^cmdstat_pexpire:calls=(\d+)/m.exec(stats);
    return Number(script?.[1] ?? 0);
  }

  const someone = (user: string, address: string) => ({
    headers: {
      authorization: 'Bearer load-test-bypass-token',
      'x-load-test': 'true',
      'x-user-id': user,
      'x-forwarded-for': address,
    },
  });

  it('let one subject through at the limit, for one Redis call in twenty requests', async () => {
    const event = await fleet.event();
    const before = await charges();
    const startMs = performance.now();
    const counts = new Map<number, number>();
    const asked: Promise<void>[] = [];
    let at = 0;
    // Ten times the limit, whatever the machine does meanwhile.
    while (performance.now() - startMs < 30_000) {
      const due = Math.floor((performance.now() - startMs) / 2);
      for (; at < due; at += 1) {
        const url = fleet.urls[at % 4] ?? '';
        asked.push(
          joinAt(url, event.id, someone('eager', '198.51.100.1')).then(({ status, headers }) => {
            counts.set(status, (counts.get(status) ?? 0) + 1);
            if (status === 429) expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
          }),
        );
      }
      await pause(2);
    }
    await Promise.all(asked);
    const tookSec = (performance.now() - startMs) / 1000;
    const total = [...counts.values()].reduce((a, b) => a + b, 0);
    const passed = total - (counts.get(429) ?? 0);
    const allowed = 50 * tookSec + 100;
    const called = (await charges()) - before;
    console.log(
      `asked ${total} in ${tookSec.toFixed(1)} s, let through ${passed} of ${allowed.toFixed(0)}, ${called} Redis calls`,
    );
    expect(total).toBeGreaterThan(allowed * 5);
    expect(Math.abs(passed - allowed)).toBeLessThanOrEqual(allowed / 10);
    expect(called).toBeLessThanOrEqual(passed / 20);
    // One place for all of them, whatever was refused.
    expect(counts.get(202)).toBe(1);
  }, 60_000);

  it('count a place for itself, and guessed tokens and bad credentials for their address', async () => {
    const event = await fleet.event();
    const [url = ''] = fleet.urls;
    const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
    const joined = await joinAt(url, event.id, from('198.51.100.2'));
    const token = String(joined.body.waiting_token);
    const status = (text: string, address: string) =>
      call('GET', `${url}/api/v1/queue/status?token=${text}`, from(address));
    const all = async (count: number, ask: (at: number) => Promise<{ status: number }>) => {
      const answers = await Promise.all(Array.from({ length: count }, (_, each) => ask(each)));
      return answers.filter(({ status: code }) => code === 429).length;
    };
    // So many that some are too many however slowly they are sent.
    // Its own place, whatever address it is asked from: 50 a second and 100 at once.
    expect(await all(1_000, (each) => status(token, `10.${each >> 8}.${each & 255}.1`))).toBeGreaterThan(100);
    // 500 a second and 1,000 at once for an address.
    const forged = `${token.slice(0, -4)}AAAA`;
    expect(await all(900, () => status(forged, '198.51.100.3'))).toBe(0);
    expect(await all(5_000, () => status(forged, '198.51.100.3'))).toBeGreaterThan(100);
    const guess = () =>
      joinAt(url, event.id, {
        headers: { authorization: 'Bearer a.b.c', 'x-forwarded-for': '2001:db8:1:1::7' },
      });
    expect(await all(6_000, guess)).toBeGreaterThan(100);
    // The /64 of it is over its limit, its neighbour is not.
    const neighbour = await joinAt(url, event.id, from('2001:db8:1:2::7'));
    expect(neighbour.status).toBe(202);
    const metrics = await fetch(`${url}/metrics`).then((answer) => answer.text());
    for (const scope of ['place', 'ip']) {
      expect(metrics).toMatch(new RegExp(`^ratelimit_dropped_total\\{scope="${scope}"\\} [1-9]`, 'm'));
    }
  });

  it('give one address its places over all events and gateways, whatever it repeats before', async () => {
    const [first, second] = [await fleet.addGateway(0, joinLimits), await fleet.addGateway(0, joinLimits)];
    const events = [await fleet.event(), await fleet.event()];
    const from = (key: string) => ({
      headers: { 'x-forwarded-for': '2001:db8:9:9::1', 'idempotency-key': `a key of some length ${key}` },
    });
    const join = (at: number) =>
      joinAt((at % 2 ? first : second).url, events[(at >> 1) % 2]?.id ?? '', from(String(at)));
    // A place that was there is no new one: more repeats than places may be taken.
    for (let again = 0; again < 60; again += 1) expect((await join(0)).status).toBe(202);
    const startMs = performance.now();
    const statuses: number[] = [];
    for (let at = 0; at < 120; at += 1) statuses.push((await join(at)).status);
    const given = statuses.filter((code) => code === 202).length;
    const minutes = (performance.now() - startMs) / 60_000;
    expect(given).toBeGreaterThanOrEqual(40);
    // What two gateways let through before they knew of each other is a charge each at most.
    expect(given).toBeLessThanOrEqual(40 + 40 * minutes + 2 * 8 + 1);
    expect(statuses.at(-1)).toBe(429);
    for (const gateway of [first, second]) {
      const metrics = await fetch(`${gateway.url}/metrics`).then((answer) => answer.text());
      expect(metrics).toMatch(/^ratelimit_dropped_total\{scope="join_ip"\} [1-9]/m);
    }
  });
});
