/** The proof of work of a join: set by an operator while people join, judged by every gateway, kept by none. */
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { solve } from '../../src/contract/challenge.ts';
import type { ChallengeReply } from '../../src/contract/visitor-api.ts';
import { runCrowd } from '../../src/simulator/crowd.ts';
import { eventually } from '../helpers/eventually.ts';
import { call } from '../helpers/fleet.ts';
import { type Office, openOffice } from '../helpers/office.ts';
import { QueueClient } from '../helpers/queue-client.ts';
import { scriptCalls } from '../helpers/redis-says.ts';

const patience = { withinMs: 20_000, everyMs: 20 };
let office: Office;
beforeAll(async () => {
  office = await openOffice({ gateways: 2 });
}, 60_000);
afterAll(() => office.stop(), 60_000);

const keyOf = (name: string): string => `the key of ${name}, long enough`;
const join = (at: number, event: string, name: string, proof?: object) =>
  call('POST', `${office.urls[at]}/api/v1/queue/join`, {
    body: { event_id: event, ...(proof === undefined ? {} : { proof }) },
    headers: { 'idempotency-key': keyOf(name) },
  });
const challengeAt = async (at: number, event: string): Promise<ChallengeReply> =>
  (await call('GET', `${office.urls[at]}/api/v1/queue/challenge?event_id=${event}`))
    .body as unknown as ChallengeReply;
const workOf = (name: string, { seed, difficulty }: ChallengeReply) =>
  solve(seed, `key:${keyOf(name)}`, difficulty);
const set = (event: string, bits: number) =>
  office.tacos(['queue', 'settings', 'set', event, '--challenge', String(bits), '-o', 'json', '--yes']);

const auditOf = (stdout: string): string =>
  (JSON.parse(stdout) as { item: { results: { auditId: string }[] } }).item.results[0]?.auditId ?? '';

async function createdEvent(): Promise<string> {
  const { id } = await office.event();
  await eventually(async () => (await office.snapshot(id)).gateways.seen === 2, patience);
  return id;
}

describe('a challenge', () => {
  it('is set, raised, taken off and undone by operators while people join', async () => {
    const event = await createdEvent();
    expect((await join(0, event, 'before')).status).toBe(202);
    const ran = await set(event, 8);
    expect(ran).toMatchObject({ code: 0 });
    const { results } = (JSON.parse(ran.stdout) as { item: { results: object[] } }).item;
    expect(results).toMatchObject([
      { applied: true, rows: [{ name: 'challenge', before: 'off', after: '8 bits' }] },
    ]);
    expect(results).toMatchObject([{ receipt: { inForce: 2, of: 2 } }]);
    // In force on both when the command says so.
    const refused = await join(1, event, 'ann');
    expect([refused.status, (refused.body.error as { code: string }).code]).toEqual([
      403,
      'CHALLENGE_REQUIRED',
    ]);
    const asked = refused.body.challenge as ChallengeReply;
    expect(await challengeAt(0, event)).toMatchObject({ seed: asked.seed, difficulty: 8 });
    const proof = workOf('ann', asked);
    // Another gateway than the one that asked.
    const joined = await join(0, event, 'ann', proof);
    expect(joined.status).toBe(202);
    // Sent again: the same place. By somebody else: none.
    expect((await join(1, event, 'ann', proof)).body.waiting_token).toBe(joined.body.waiting_token);
    expect((await join(1, event, 'thief', proof)).status).toBe(403);
    const slow = workOf('bea', asked);
    const raised = await set(event, 20);
    expect((await challengeAt(1, event)).difficulty).toBe(20);
    // Who had begun is let in, though it is harder for others now.
    expect((await join(1, event, 'bea', slow)).status).toBe(202);
    expect((await join(1, event, 'cat', { ...slow, nonce: '0' })).status).toBe(403);
    expect(await office.tacos(['undo', auditOf(raised.stdout), '--yes'])).toMatchObject({ code: 0 });
    expect((await challengeAt(0, event)).difficulty).toBe(8);
    expect(await set(event, 0)).toMatchObject({ code: 0 });
    expect((await join(1, event, 'dan')).status).toBe(202);
    const shown = await office.tacos(['queue', 'settings', 'get', event, '-o', 'json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({ item: { challengeBits: 0 } });
  }, 60_000);

  it('costs Redis nothing to refuse', async () => {
    const event = await createdEvent();
    expect(await set(event, 16)).toMatchObject({ code: 0 });
    const before = await scriptCalls(office.look);
    const startedMs = performance.now();
    const wrong = { seed: (await challengeAt(0, event)).seed, nonce: 'x' };
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, (_, at) => join(at % 2, event, `bot ${at}`, at % 3 ? wrong : undefined)),
    );
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([403]));
    const sec = (performance.now() - startedMs) / 1000;
    // Reports and sweeps of two gateways go on meanwhile.
    expect((await scriptCalls(office.look)) - before).toBeLessThan(50 + 40 * sec);
  }, 60_000);

  it('is told over gRPC, and solved there too', async () => {
    const event = await createdEvent();
    expect(await set(event, 8)).toMatchObject({ code: 0 });
    const client = new QueueClient(office.grpcs[0] ?? '');
    try {
      const metadata = { 'idempotency-key': keyOf('grace') };
      const { code, answer } = await client.join(event, '', { metadata });
      expect(code).toBe(status.OK);
      const details = Object.fromEntries(
        (answer?.error?.details ?? []).map(({ reason, value }) => [reason, value]),
      );
      expect(details).toMatchObject({ code: 'CHALLENGE_REQUIRED', challenge_difficulty: '8' });
      const proof = solve(details.challenge_seed ?? '', `key:${keyOf('grace')}`, 8);
      const again = await client.call('JoinQueue', { eventId: event, proof }, { metadata });
      expect(again.answer?.waitingToken).not.toBe('');
      expect(again.answer?.error).toBeNull();
    } finally {
      client.close();
    }
  }, 60_000);

  it('is done by simulated visitors, over both wires', async () => {
    const event = await createdEvent();
    expect(await set(event, 6)).toMatchObject({ code: 0 });
    for (const gateway of [office.urls[0] ?? '', `grpc://${office.grpcs[0]}`]) {
      const report = await runCrowd({ gateway, event, visitors: 20, signedIn: 0.5, forMs: 20_000 });
      expect(report.outcomes, gateway).toMatchObject({ entered: 20 });
    }
  }, 60_000);
});
