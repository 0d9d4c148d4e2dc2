import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Hall } from './hall.ts';
import { Problem } from './problem.ts';

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
  return 'none';
};

describe('a hall', () => {
  let nowMs = 0;
  let hall: Hall;
  beforeEach(() => {
    nowMs = 1_000;
    hall = new Hall(40, () => nowMs);
  });
  const hold = (
    reservationId: string,
    seatIds: readonly string[],
    quantity = seatIds.length,
    untilMs = 2_000,
  ) => hall.hold({ reservationId, userId: 'u1', seatIds, quantity, untilMs });

  it('names its seats by section, row and number, and keeps the whole hall apart', () => {
    const { seats } = new Hall(10_000, () => 0);
    expect(seats[0]?.id).toBe('A-1-1');
    expect(seats[31]?.id).toBe('A-2-12');
    expect(seats[200]?.id).toBe('B-1-1');
    expect(seats[26 * 200]?.id).toBe('AA-1-1');
    expect(new Set(seats.map(({ id }) => id)).size).toBe(10_000);
  });

  it('holds all seats of a request or none', () => {
    hold('r1', ['A-1-3']);
    expect(codeOf(() => hold('r2', ['A-1-2', 'A-1-3', 'A-1-4']))).toBe('INVENTORY_CONFLICT');
    expect(hall.counts()).toMatchObject({ free: 39, held: 1 });
    expect(codeOf(() => hold('r3', [], 41))).toBe('INSUFFICIENT_INVENTORY');
    expect(codeOf(() => hold('r4', ['A-1-2', 'Z-9-9']))).toBe('NOT_FOUND');
    expect(hall.counts()).toMatchObject({ free: 39, held: 1, holds: { made: 1 } });
  });

  it('gives any free seats when none are named', () => {
    hold('r1', ['A-1-1']);
    expect(hold('r2', [], 2).seats.map(({ id }) => id)).toEqual(['A-1-2', 'A-1-3']);
  });

  it('gives seats back when the time is up, once, and sells them to others', () => {
    hold('r1', ['A-1-1', 'A-1-2']);
    nowMs = 1_999;
    expect(codeOf(() => hold('r2', ['A-1-1']))).toBe('INVENTORY_CONFLICT');
    nowMs = 2_000;
    hold('r2', ['A-1-1'], 1, 9_000);
    expect(codeOf(() => hall.commit({ reservationId: 'r1', userId: 'u1', orderId: 'o1' }))).toBe(
      'RESERVATION_EXPIRED',
    );
    expect(hall.release('r1').now).toBe(false);
    expect(hall.counts()).toMatchObject({ held: 1, seatsReleased: { byTime: 2, onRequest: 0 } });
    expect(hall.commit({ reservationId: 'r2', userId: 'u1', orderId: 'o2' })).toMatchObject({
      orderId: 'o2',
    });
  });

  it('never gives back what was sold, and tells the same order again', () => {
    hold('r1', ['A-1-1']);
    hall.commit({ reservationId: 'r1', userId: 'u1', orderId: 'o1' });
    expect(hall.commit({ reservationId: 'r1', userId: 'u1', orderId: 'o2' }).orderId).toBe('o1');
    nowMs = 100_000_000;
    expect(codeOf(() => hall.release('r1'))).toBe('FAILED_PRECONDITION');
    expect(hall.counts()).toMatchObject({ free: 39, held: 0, sold: 1 });
  });

  it('refuses the hold of somebody else', () => {
    hold('r1', ['A-1-1']);
    expect(codeOf(() => hall.commit({ reservationId: 'r1', userId: 'u2', orderId: 'o' }))).toBe('FORBIDDEN');
  });

  it('holds longer when asked in time, and not after that', () => {
    hold('r1', ['A-1-1']);
    hold('r1', ['A-1-1'], 1, 3_000);
    nowMs = 2_500;
    expect(hall.counts().held).toBe(1);
    nowMs = 3_000;
    expect(codeOf(() => hold('r1', ['A-1-1'], 1, 9_000))).toBe('RESERVATION_EXPIRED');
  });

  it('forgets what ended ten minutes ago, and never an order', () => {
    hold('r1', ['A-1-1']);
    hold('r2', ['A-1-2']);
    hall.commit({ reservationId: 'r2', userId: 'u1', orderId: 'o2' });
    nowMs = 2_000;
    expect(hall.find('r1')?.state).toBe('expired');
    nowMs += 600_000;
    expect(hall.find('r1')).toBeUndefined();
    expect(hall.find('r2')?.state).toBe('committed');
  });
});

/** What a hall must never do, whatever is asked of it in whatever order, the clock running on in between. */
describe('a hall under random requests', () => {
  const seatId = fc.integer({ min: 1, max: 8 }).map((number) => `A-1-${number}`);
  const id = fc.integer({ min: 0, max: 11 }).map((number) => `r${number}`);
  const step = fc.oneof(
    fc.record({
      do: fc.constant('hold' as const),
      id,
      seats: fc.uniqueArray(seatId, { maxLength: 4 }),
      holdMs: fc.integer({ min: 1, max: 60 }),
    }),
    fc.record({ do: fc.constant('commit' as const), id }),
    fc.record({ do: fc.constant('release' as const), id }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 40 }) }),
  );

  it('never sells a seat twice, and every seat is free, held or sold', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let nowMs = 0;
        const hall = new Hall(8, () => nowMs);
        const soldTo = new Map<string, string>();
        for (const [index, each] of steps.entries()) {
          const before = hall.counts();
          const code = codeOf(() => {
            if (each.do === 'wait') nowMs += each.ms;
            else if (each.do === 'release') hall.release(each.id);
            else if (each.do === 'hold') {
              const quantity = each.seats.length || 2;
              hall.hold({
                reservationId: each.id,
                userId: 'u',
                seatIds: each.seats,
                quantity,
                untilMs: nowMs + each.holdMs,
              });
            } else {
              for (const { id: seat } of hall.commit({
                reservationId: each.id,
                userId: 'u',
                orderId: `o${index}`,
              }).seats) {
                if (soldTo.has(seat) && soldTo.get(seat) !== each.id)
                  throw new Error(`${seat} was sold twice`);
                soldTo.set(seat, each.id);
              }
            }
          });
          const now = hall.counts();
          if (code !== 'none') expect(now).toEqual(before);
          expect(now.free + now.held + now.sold).toBe(8);
          expect(now.free).toBeGreaterThanOrEqual(0);
          expect(now.sold).toBe(soldTo.size);
          const { made, active, committed, released, expired } = now.holds;
          expect(active + committed + released + expired).toBe(made);
          expect(
            hall.seats
              .filter((seat) => hall.stateOf(seat) === 'sold')
              .map((seat) => seat.id)
              .sort(),
          ).toEqual([...soldTo.keys()].sort());
        }
        nowMs += 1_000;
        expect(hall.counts()).toMatchObject({ held: 0, free: 8 - soldTo.size });
      }),
      { numRuns: 500 },
    );
  });
});
