import { describe, expect, it } from 'vitest';
import { AnswersKept, keptMs } from './answers-kept.ts';
import { Problem } from './problem.ts';

const scope = { method: 'CreateReservation', owner: 'u1', key: 'k1' };

describe('answers kept by idempotency key', () => {
  it('does a request once, however many copies come at once or later', async () => {
    const kept = new AnswersKept();
    let done = 0;
    const work = async () => ({ order: ++done });
    const first = await Promise.all(Array.from({ length: 50 }, () => kept.once(scope, { seats: 1 }, work)));
    expect(new Set(first.map(({ order }) => order))).toEqual(new Set([1]));
    expect(await kept.once(scope, { seats: 1 }, work)).toEqual({ order: 1 });
  });

  it('refuses the key with another request, and takes it from another person or method', async () => {
    const kept = new AnswersKept();
    const work = async () => ({});
    await kept.once(scope, { seats: 1 }, work);
    await expect(kept.once(scope, { seats: 2 }, work)).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
    await expect(kept.once({ ...scope, owner: 'u2' }, { seats: 2 }, work)).resolves.toEqual({});
    await expect(kept.once({ ...scope, method: 'ExtendHold' }, { seats: 2 }, work)).resolves.toEqual({});
  });

  it('keeps a refusal, but no fault that may be gone at the next try', async () => {
    const kept = new AnswersKept();
    const refused = kept.once(scope, {}, async () =>
      Promise.reject(new Problem('INSUFFICIENT_INVENTORY', '')),
    );
    await expect(refused).rejects.toMatchObject({ code: 'INSUFFICIENT_INVENTORY' });
    await expect(kept.once(scope, {}, async () => 'free again')).rejects.toMatchObject({
      code: 'INSUFFICIENT_INVENTORY',
    });
    const other = { ...scope, key: 'k2' };
    await expect(
      kept.once(other, {}, async () => Promise.reject(new Problem('UPSTREAM_ERROR', ''))),
    ).rejects.toMatchObject({ code: 'UPSTREAM_ERROR' });
    await expect(kept.once(other, {}, async () => 'done')).resolves.toBe('done');
  });

  it('forgets after ten minutes', async () => {
    let nowMs = 1_000;
    const kept = new AnswersKept(() => nowMs);
    await kept.once(scope, {}, async () => 'first');
    nowMs += keptMs - 1;
    expect(await kept.once(scope, {}, async () => 'second')).toBe('first');
    nowMs += 2;
    expect(await kept.once(scope, {}, async () => 'second')).toBe('second');
  });
});
