import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, joinAt, startFleet, statusAt } from '../../helpers/fleet.ts';

interface Join {
  readonly token: string;
  readonly position: number;
  readonly sentMs: number;
  readonly answeredMs: number;
}

/** Joins that were answered before another one was sent and yet stand behind it. */
function inversions(joins: readonly Join[]): number {
  const bySent = joins.toSorted((a, b) => a.sentMs - b.sentMs);
  const byAnswer = joins.toSorted((a, b) => a.answeredMs - b.answeredMs);
  let answered = 0;
  let highest = 0;
  let count = 0;
  for (const join of bySent) {
    for (; (byAnswer[answered]?.answeredMs ?? Number.POSITIVE_INFINITY) < join.sentMs; answered += 1) {
      highest = Math.max(highest, byAnswer[answered]?.position ?? 0);
    }
    if (join.position < highest) count += 1;
  }
  return count;
}

describe('promise 1: order', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 2 });
  });
  afterAll(() => fleet.stop());

  it('gives 100,000 joins over two gateways unique places without inversion, and positions that agree', async () => {
    const event = await fleet.event({ opensAtMs: Date.now() + 3_600_000, prequeueFromMs: 1 });
    const joins: Join[] = [];
    const clients = 64;
    await Promise.all(
      Array.from({ length: clients }, async (_, client) => {
        for (let count = client; count < 100_000; count += clients) {
          const sentMs = performance.now();
          const answer = await joinAt(fleet.urls[count % 2] ?? '', event.id);
          expect(answer.status).toBe(202);
          const { waiting_token: token, position_hint: position } = answer.body as {
            waiting_token: string;
            position_hint: number;
          };
          joins.push({ token, position, sentMs, answeredMs: performance.now() });
        }
      }),
    );
    const places = joins.map(({ position }) => position).sort((a, b) => a - b);
    expect(places).toEqual(Array.from({ length: 100_000 }, (_, index) => index + 1));
    expect(inversions(joins)).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (let index = 0; index < joins.length; index += 97) {
      const join = joins[index];
      const status = await statusAt(fleet.urls[index % 2] ?? '', join?.token ?? '');
      expect(status.body).toMatchObject({ status: 'waiting', position: join?.position, phase: 'prequeue' });
    }
  }, 240_000);
});
