import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as pathOf } from 'node:path';
import { describe, expect, it } from 'vitest';
import { check } from '../faults/checker.ts';
import { History, type HistoryRecord, type RequestRecord, readHistory } from '../faults/history.ts';
import { secondsUntilNormal } from '../faults/normal.ts';
import { outcomeOf } from '../faults/scenario.ts';

/** Everything is answered after so long, ms. */
const tookMs = 20;

type Rest = Partial<RequestRecord>;

const place = (seq: number, epoch = 1) => ({ seq, epoch, life: 'life' });
const request = (op: RequestRecord['op'], visitor: number, atMs: number, rest: Rest): RequestRecord => ({
  kind: 'request',
  op,
  visitor,
  subject: `p${visitor}`,
  gateway: 'g1',
  sentMs: atMs,
  answeredMs: atMs + tookMs,
  http: 200,
  ...rest,
});
const joins = (visitor: number, seq: number, atMs: number, rest: Rest = {}) =>
  request('join', visitor, atMs, { http: 202, place: place(seq), ...rest });
const asks = (visitor: number, seq: number, atMs: number, rest: Rest = {}) =>
  request('status', visitor, atMs, {
    place: place(seq),
    status: 'waiting',
    position: seq,
    ready: false,
    ...rest,
  });
const leaves = (visitor: number, seq: number, atMs: number, rest: Rest = {}) =>
  request('leave', visitor, atMs, { place: place(seq), ...rest });
const pass = (seq: number, sec: number) => ({
  id: `pass-${seq}`,
  subject: 'p',
  grantedSec: sec,
  endsSec: sec + 31,
});
/** Granted, unless it says otherwise. */
const enters = (visitor: number, seq: number, atMs: number, rest: Rest = {}) =>
  request('enter', visitor, atMs, {
    place: place(seq),
    ...(rest.http === undefined ? { pass: pass(seq, 1_000) } : {}),
    ...rest,
  });
const ends = (visitor: number, seq: number, rest: Rest = {}) =>
  asks(visitor, seq, 60_000, { round: 1, ...rest });
const isOver = (status: string): Rest => ({ status, position: 0 });
const denied: Rest = { http: 403, code: 'NOT_READY', reason: 'tokens' };
const settings = (
  fromMs: number,
  rest: { refillPerSec?: number; capacity?: number; paused?: boolean } = {},
) =>
  ({
    kind: 'settings',
    sentMs: fromMs,
    answeredMs: fromMs,
    refillPerSec: 1,
    capacity: 5,
    paused: false,
    ...rest,
  }) as const;

/** What is found, as `kind: rule`, each once. */
const found = (...records: HistoryRecord[]): string[] => [
  ...new Set(check([settings(0), ...records]).map(({ kind, rule }) => `${kind}: ${rule}`)),
];

/** Three join, one enters, one leaves, one waits. */
const clean = [
  joins(1, 1, 1_000),
  joins(2, 2, 2_000),
  joins(3, 3, 3_000),
  asks(1, 1, 4_000, { status: 'ready', ready: true }),
  enters(1, 1, 4_100),
  enters(1, 1, 4_200),
  leaves(2, 2, 5_000),
  asks(1, 1, 7_000, isOver('entered')),
  asks(2, 2, 7_000, isOver('left')),
  ends(1, 1, isOver('entered')),
  ends(2, 2, isOver('left')),
  ends(3, 3, { position: 1 }),
];

describe('the checker of the fault suite', () => {
  it('finds nothing in a clean history', () => {
    expect(found(...clean)).toEqual([]);
  });

  it('reads back what was saved', async () => {
    const dir = mkdtempSync(pathOf(tmpdir(), 'tacos-history-'));
    try {
      const path = pathOf(dir, 'clean.jsonl');
      const history = new History(path);
      for (const record of clean) history.add(record);
      await history.close();
      expect(readHistory(path)).toEqual(clean);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('lost', () => {
  const rule = 'lost: the place stands as it must';
  it.each([
    ['who was never answered in the end', [joins(1, 1, 0), joins(2, 2, 100), ends(1, 1)]],
    ['who is stale for ever', [joins(1, 1, 0), ends(1, 1, { stale: true })]],
    ['who has expired', [joins(1, 1, 0), ends(1, 1, isOver('expired'))]],
    ['who has left unasked', [joins(1, 1, 0), ends(1, 1, isOver('left'))]],
    ['who was let in and waits again', [joins(1, 1, 0), enters(1, 1, 100), ends(1, 1)]],
    ['who had left and waits again', [joins(1, 1, 0), leaves(1, 1, 100), ends(1, 1)]],
  ])('%s', (_, records) => {
    expect(found(...records)).toContain(rule);
  });

  it('not whose leave or enter was never answered, however it went', () => {
    const lost: Rest = { http: 0, failure: 'broken' };
    const left = [joins(1, 1, 0), leaves(1, 1, 100, lost)];
    const entered = [joins(1, 1, 0), enters(1, 1, 100, lost)];
    for (const end of [ends(1, 1), ends(1, 1, isOver('left'))]) expect(found(...left, end)).toEqual([]);
    for (const end of [ends(1, 1), ends(1, 1, isOver('entered'))]) expect(found(...entered, end)).toEqual([]);
  });

  it('not who kept the older of two places after a loss', () => {
    const second = joins(1, 300, 9_000, { place: place(300, 2) });
    expect(
      found(joins(1, 1, 0), second, ends(1, 1), ends(1, 300, { ...isOver('left'), place: place(300, 2) })),
    ).toEqual([]);
  });
});

describe('doubled', () => {
  it.each([
    ['one seq, one visitor', [joins(1, 7, 0), joins(2, 7, 100)]],
    ['one person, one place', [joins(1, 1, 0), joins(1, 2, 100)]],
    [
      'one person, one place',
      [
        joins(1, 1, 0),
        joins(1, 300, 9_000, { place: place(300, 2) }),
        ends(1, 1),
        ends(1, 300, { place: place(300, 2) }),
      ],
    ],
    [
      'one place, one entry',
      [joins(1, 1, 0), enters(1, 1, 100), enters(1, 1, 200, { pass: pass(1, 1_001) })],
    ],
    [
      'one pass, one place',
      [joins(1, 1, 0), joins(2, 2, 50), enters(1, 1, 100), enters(2, 2, 200, { pass: pass(1, 1_000) })],
    ],
    [
      'one person, one entry',
      [
        joins(1, 1, 0),
        joins(1, 2, 9_000, { place: place(2, 2) }),
        enters(1, 1, 100),
        enters(1, 2, 9_900, { place: place(2, 2) }),
      ],
    ],
    [
      'one grant in the journal',
      [{ kind: 'grant', seq: 1, atUs: 5 } as const, { kind: 'grant', seq: 1, atUs: 9 } as const],
    ],
  ] as [string, HistoryRecord[]][])('%s', (rule, records) => {
    expect(found(...records)).toContain(`doubled: ${rule}`);
  });

  it('not a place that the same person is told again, nor a new one after they left', () => {
    expect(found(joins(1, 1, 0), joins(1, 1, 100, { http: 409 }))).toEqual([]);
    expect(found(joins(1, 1, 0), leaves(1, 1, 50), joins(1, 2, 100))).toEqual([]);
  });
});

describe('inverted', () => {
  it.each([
    [
      'positions in order of the numbers',
      [joins(1, 1, 0), joins(2, 2, 100), ends(1, 1, { position: 2 }), ends(2, 2, { position: 1 })],
    ],
    [
      'positions in order of the numbers',
      [joins(1, 1, 0), joins(2, 2, 100), ends(1, 1), ends(2, 2, { position: 1 })],
    ],
    ['numbers in order of the joins', [joins(1, 2, 0), joins(2, 1, 100)]],
    ['epochs in order', [joins(1, 5, 0, { place: place(5, 2) }), joins(2, 9, 100, { place: place(9, 1) })]],
  ] as [string, HistoryRecord[]][])('%s', (rule, records) => {
    expect(found(...records)).toContain(`inverted: ${rule}`);
  });

  /** So many wait in front of somebody who is let in while they do. */
  const crowdBefore = (count: number) => [
    ...Array.from({ length: count }, (_, index) => index + 1).flatMap((seq) => [
      joins(seq, seq, 0),
      asks(seq, seq, 1_000),
      asks(seq, seq, 3_000),
    ]),
    joins(90, 90, 500),
    enters(90, 90, 2_000),
  ];
  const rule = 'inverted: nobody goes before a crowd';

  it('nobody goes before a crowd', () => {
    expect(found(...crowdBefore(10))).toEqual([rule]);
    expect(found(...crowdBefore(9))).toEqual([]);
    expect(found(settings(0, { capacity: 11 }), ...crowdBefore(10))).toEqual([]);
    const fault = { kind: 'fault', name: 'x', fromMs: 2_500, toMs: 2_600 } as const;
    expect(found(...crowdBefore(10), fault)).toEqual([]);
  });

  it('not joins that were under way at once', () => {
    expect(found(joins(1, 2, 0), joins(2, 1, tookMs - 1))).toEqual([]);
  });
});

describe('over-admitted', () => {
  const rule = 'over-admitted: grants within the rate';
  const crowd = (count: number, everyMs: number) =>
    Array.from({ length: count }, (_, index) =>
      enters(index, index + 1, 1_000 + index * everyMs, { pass: pass(index + 1, 7) }),
    );

  it('more than capacity, overdraft and refill at once, and over a while', () => {
    expect(found(...crowd(17, 0))).toContain(rule);
    expect(found(...crowd(40, 500))).toContain(rule);
  });

  it('not as many as there may be', () => {
    expect(found(...crowd(15, 0))).toEqual([]);
    expect(found(...crowd(40, 900))).toEqual([]);
  });

  it('counts with what was in force: a rate that fell, a pause, and either while it changes', () => {
    const faster = settings(0, { refillPerSec: 2 });
    expect(found(faster, ...crowd(60, 500))).toEqual([]);
    expect(found(faster, settings(5_000), ...crowd(60, 500))).toContain(rule);
    expect(found(faster, settings(5_000, { refillPerSec: 2, paused: true }), ...crowd(60, 500))).toContain(
      rule,
    );
    const changing = { ...settings(5_000), answeredMs: 40_000 };
    expect(found(faster, changing, ...crowd(60, 500))).toEqual([]);
  });

  it('takes copies of one enter as one grant, which may be the first that had no answer', () => {
    const copies = crowd(15, 0).flatMap((enter) => [enter, { ...enter, sentMs: 1_001 }]);
    expect(found(...copies)).toEqual([]);
    const lost = Array.from({ length: 40 }, (_, index) =>
      enters(index, index + 1, index * 900, { http: 0, answeredMs: index * 900 + 5 }),
    );
    expect(
      found(...lost, ...crowd(40, 0).map((enter) => ({ ...enter, sentMs: 39_000, answeredMs: 39_020 }))),
    ).toEqual([]);
  });
});

describe('lies', () => {
  const ready = asks(1, 1, 1_000, { status: 'ready', ready: true });
  it.each([
    ['nobody leaves unasked', [joins(1, 1, 0), asks(1, 1, 100, isOver('left')), leaves(1, 1, 500)]],
    ['nobody enters unasked', [joins(1, 1, 0), asks(1, 1, 100, isOver('entered')), enters(1, 1, 500)]],
    ['nobody expires who was heard', [joins(1, 1, 0), asks(1, 1, 100, isOver('expired'))]],
    ['an end stays an end', [joins(1, 1, 0), leaves(1, 1, 100), asks(1, 1, 2_000)]],
    ['an end stays an end', [joins(1, 1, 0), enters(1, 1, 100), asks(1, 1, 2_000)]],
    ['positions from 1 on', [joins(1, 1, 0), asks(1, 1, 100, { position: 0 })]],
    ['positions from 1 on', [joins(1, 1, 0), asks(1, 1, 100, { position: -3 })]],
    ['tokens stay known', [joins(1, 1, 0), asks(1, 1, 100, { http: 404, code: 'TOKEN_NOT_FOUND' })]],
    ['no error of its own', [joins(1, 1, 0), asks(1, 1, 100, { http: 500, code: 'INTERNAL' })]],
    ['ready means ready', [joins(1, 1, 0), ready, enters(1, 1, 1_500, denied)]],
    [
      'old answers say so',
      [
        joins(1, 1, 0),
        asks(1, 1, 4_000),
        { kind: 'fault', name: 'x', fromMs: 500, toMs: 9_000, without: ['g1'] } as const,
      ],
    ],
  ] as [string, HistoryRecord[]][])('%s', (rule, records) => {
    expect(found(...records)).toContain(`lie: ${rule}`);
  });

  it.each([
    ['an old answer that says so', [joins(1, 1, 0), leaves(1, 1, 100), asks(1, 1, 2_000, { stale: true })]],
    ['an end that is told a moment late', [joins(1, 1, 0), leaves(1, 1, 100), asks(1, 1, 1_000)]],
    [
      'a cause in between',
      [joins(1, 1, 0), ready, enters(1, 1, 1_500, { ...denied, reason: 'returned_in_front' })],
    ],
    [
      'a change in between',
      [joins(1, 1, 0), ready, settings(1_200, { paused: true }), enters(1, 1, 1_500, denied)],
    ],
    ['an enter that comes too late', [joins(1, 1, 0), ready, enters(1, 1, 2_100, denied)]],
    ['who was told so by old data', [joins(1, 1, 0), { ...ready, stale: true }, enters(1, 1, 1_500, denied)]],
    [
      'another gateway without Redis',
      [
        joins(1, 1, 0),
        asks(1, 1, 4_000),
        { kind: 'fault', name: 'x', fromMs: 500, toMs: 9_000, without: ['g2'] } as const,
      ],
    ],
  ] as [string, HistoryRecord[]][])('not %s', (_, records) => {
    expect(found(...records)).toEqual([]);
  });
});

describe('hangs', () => {
  const slow = { answeredMs: 9_000, http: 503, hasRetryAfter: true };
  const rule = 'hang: an answer within 2 s';
  it('finds joins and enters that take long, and refusals without a time', () => {
    expect(found(joins(1, 1, 0, slow))).toEqual([rule]);
    expect(found(enters(1, 1, 0, { ...slow, http: 0, failure: 'timeout' }))).toEqual([rule]);
    expect(found(joins(1, 1, 0, { ...slow, answeredMs: 100, hasRetryAfter: false }))).toEqual([
      'hang: a refusal says when to ask again',
    ]);
  });

  it('not at a gateway that was stopped, nor while the suite itself was', () => {
    const down = { kind: 'fault', name: 'x', fromMs: 500, toMs: 8_000, down: ['g1'] } as const;
    const lag = { kind: 'lag', fromMs: 1_000, toMs: 8_000 } as const;
    expect(found(joins(1, 1, 0, slow), down)).toEqual([]);
    expect(found(joins(1, 1, 0, slow), lag)).toEqual([]);
    expect(found(joins(1, 1, 0, slow), { ...down, down: ['g2'] })).toEqual([rule]);
  });
});

describe('seconds until normal', () => {
  const steady = Array.from({ length: 200 }, (_, index) => joins(index, index + 1, index * 100));
  it('is 0 where nothing failed, and counts until the last failure otherwise', () => {
    expect(secondsUntilNormal(steady, 5_000)).toBe(0);
    const broken = steady.map((each) =>
      each.sentMs >= 5_000 && each.sentMs < 8_000 ? { ...each, http: 503 } : each,
    );
    const sec = secondsUntilNormal(broken, 5_000);
    expect(sec).toBeGreaterThan(2.8);
    expect(sec).toBeLessThan(3.2);
    const dead = steady.map((each) => (each.sentMs >= 5_000 ? { ...each, http: 0 } : each));
    expect(secondsUntilNormal(dead, 5_000)).toBeUndefined();
  });
});

describe('a scenario in which no request may fail', () => {
  const brokenBy = (...records: HistoryRecord[]): readonly string[] => {
    const run = { seed: 1, path: '', faultMs: 0, tookSec: 0 };
    const history = [
      settings(0),
      joins(1, 1, 0),
      enters(1, 1, 100),
      ends(1, 1, isOver('entered')),
      ...records,
    ];
    return outcomeOf({ name: 'x', isSmooth: true }, history, run).broken;
  };
  const refused = request('join', 2, 1_000, { http: 503, code: 'UNAVAILABLE', hasRetryAfter: true });
  const cut = asks(1, 1, 1_000, { http: 0, failure: 'broken' });

  it('is broken by a refusal for being out of order, or a connection that went', () => {
    expect(brokenBy()).toEqual([]);
    expect(brokenBy(refused)).toEqual(['failed 1']);
    expect(brokenBy(cut)).toEqual(['failed 1']);
  });

  it('is not broken by one that came while the machine stood still', () => {
    const late = { ...cut, answeredMs: 3_000 };
    expect(brokenBy(late, { kind: 'lag', fromMs: 1_500, toMs: 2_600 })).toEqual([]);
    expect(brokenBy(late, { kind: 'lag', fromMs: 2_900, toMs: 4_000 })).toEqual(['failed 1']);
  });
});
