import { expect, it } from 'vitest';
import type { Line } from '../queue/line-types.ts';
import type { Grant } from '../queue/reservation-token.ts';
import type { LineOptions } from './line-options.ts';
import { faulty, type TestFault } from './test-fault.ts';

/** A line whose tokens are arrival numbers. */
class NumberedLine {
  #joins = 0;

  async join() {
    this.#joins += 1;
    return { ok: true, reply: { waiting_token: String(this.#joins) } };
  }

  status() {
    return { ok: true, reply: { position: this.#joins } };
  }
}

const passes = { sign: async ({ passId }: Grant) => passId };

async function build(fault: TestFault) {
  let given: LineOptions | undefined;
  const line = await faulty(async (options) => {
    given = options;
    return new NumberedLine() as unknown as Line;
  }, fault)({ passes } as unknown as LineOptions);
  return { line, signer: given?.passes };
}

const joinAs = async (line: Line, idempotencyKey: string) => {
  const outcome = await line.join({ eventId: 'evt_a', idempotencyKey, caller: {} });
  return outcome.ok ? Number(outcome.reply.waiting_token) : undefined;
};

it('wrong_order lets every fourth visitor jump the line, and gives them that place again', async () => {
  const { line } = await build('wrong_order');
  const places = [];
  for (const key of ['a', 'b', 'c', 'd']) places.push(await joinAs(line, key));
  expect(places).toEqual([2, 3, 5, 1]);
  expect(await joinAs(line, 'd')).toBe(1);
  expect(line.status('1')).toMatchObject({ reply: { position: 5 } });
});

it('refused_after_ready refuses every enter, and only those', async () => {
  const { line } = await build('refused_after_ready');
  expect(await line.enter('1', {})).toMatchObject({ ok: false, code: 'NOT_READY' });
  expect(await joinAs(line, 'a')).toBe(1);
});

it('double_grant signs another pass each time', async () => {
  const { signer } = await build('double_grant');
  const grant = { event: 'evt_a', subject: 'ann', passId: 'p', grantedMs: 1 };
  const signed = await Promise.all([signer?.sign(grant), signer?.sign(grant)]);
  expect(new Set([...signed, 'p']).size).toBe(3);
});
