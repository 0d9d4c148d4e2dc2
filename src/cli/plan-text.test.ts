import { describe, expect, it } from 'vitest';
import { planText, rowText, valueText } from './plan-text.ts';
import { receiptText } from './receipt-text.ts';
import { changeOf, eventPlanOf, planOf, resultOf } from './testing/plans.ts';

const place = { badge: 'PROD', context: 'apne2-prod' };

describe('a plan', () => {
  it('says where, which plan, and what comes of it, two short ones a line', () => {
    expect(planText(planOf(), place).split('\n')).toEqual([
      ' PROD  apne2-prod / evt_x   plan 5c1e  (version 18, data 0.4s old)',
      '   refill    50.0/s -> 80.0/s  (+60%)      capacity  500 (same)',
      '   empty in  6m14s -> 3m48s                redis cpu 41% -> ~47%',
      '   all events 60.0/s -> 90.0/s of 120.0/s',
      '   undo      for 15m',
      '',
    ]);
  });

  it('names warnings, refusals, people and what is lost, within 80 columns', () => {
    const item = eventPlanOf({
      rows: [],
      consequences: [{ code: 'people', unit: 'people', before: null, after: 1_234, model: 'count' }],
      people: 1_234,
      warnings: [
        'capacity 500 holds 2.5 s of refill, which is less than the 4 s that visitors need to notice',
      ],
      refusals: [{ code: 'BUDGET', text: 'all events would use 130 of 120/s', canOverride: true }],
    });
    const text = planText(planOf({ items: [item], undoSec: 0, irreversible: ['Grants stay.'] }), place);
    expect(text.split('\n')).toEqual([
      ' PROD  apne2-prod / evt_x   plan 5c1e  (version 18, data 0.4s old)',
      '   people    1,234 whose place or wait it touches',
      '   warning   capacity 500 holds 2.5 s of refill, which is less than the 4 s that',
      '             visitors need to notice',
      '   refused   all events would use 130 of 120/s (--override, role admin, passes',
      '             it)',
      '   IRREVERSIBLE Grants stay.',
      '',
    ]);
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  it('of what is so already says just that', () => {
    const text = planText(planOf({ items: [eventPlanOf({ unchanged: true, people: 9 })] }), place);
    expect(text.split('\n').slice(1)).toEqual(['   no change it is so already', '']);
  });

  it('leaves out consequences that change nothing, but for the sum of all events', () => {
    const same = { before: 60, after: 60 };
    const consequences = [
      { code: 'emptyIn', unit: 'sec', model: 'forecast', ...same } as const,
      { code: 'waitingIn60Sec', unit: 'people', model: 'forecast', before: 0, after: 9 } as const,
      { code: 'allEvents', unit: 'perSec', model: 'sum', ...same } as const,
    ];
    const text = planText(planOf({ items: [eventPlanOf({ rows: [], consequences })], undoSec: 0 }), place);
    expect(text.split('\n').slice(1)).toEqual([
      '   waiting in 60s 0 -> 9                   all events 60.0/s (same)',
      '',
    ]);
  });

  it('for several events has a part for each', () => {
    const text = planText(
      planOf({ items: [eventPlanOf(), eventPlanOf({ event: 'evt_y', revision: 4 })] }),
      place,
    );
    expect(text).toContain(' PROD  apne2-prod / 2 events   plan 5c1e  (data 0.4s old)\n');
    expect(text).toContain('\n  evt_x  (version 18)\n');
    expect(text).toContain('\n  evt_y  (version 4)\n');
  });

  it.each([
    [10, 454.5, 'refill +4445%: a typo?'],
    [50, 10, 'refill -80%: a typo?'],
    [10, 40, undefined],
    [40, 10, undefined],
  ])('asks about a jump of the refill from %d to %d', (before, after, warning) => {
    const row = (to: number) => ({ name: 'refillPerSec', unit: 'perSec', before, after: to }) as const;
    const told = (action: string) =>
      planText(planOf({ action, items: [eventPlanOf({ rows: [row(after)] })] }), place);
    if (warning === undefined) expect(told('bucket.set')).not.toContain('warning');
    else expect(told('bucket.set')).toContain(`   warning   ${warning}\n`);
    expect(told('undo')).not.toContain('warning');
  });

  it('says when a drain takes a deadline away, unless it closes at once', () => {
    const closesAt = {
      name: 'closesAt',
      unit: 'time',
      before: '2026-11-21T06:00:00.000Z',
      after: null,
    } as const;
    const phase = { name: 'phase', unit: 'text', before: 'draining', after: 'closed' } as const;
    const told = (...rows: (typeof closesAt | typeof phase)[]) =>
      planText(planOf({ action: 'queue.drain', items: [eventPlanOf({ rows })] }), place);
    expect(told(closesAt)).toContain('warning   this takes away the deadline of 2026-11-21T06:00:00Z\n');
    expect(told(closesAt, phase)).not.toContain('warning');
  });

  it('that ends nobody says so, and offers no undo', () => {
    const rows = [{ name: 'places', unit: 'people', before: 9, after: 9 } as const];
    const plan = planOf({ action: 'queue.expire', items: [eventPlanOf({ rows })], irreversible: ['Gone.'] });
    expect(planText(plan, place).split('\n').slice(1)).toEqual([
      '   no change nobody is there whom it would end',
      '',
    ]);
    const result = resultOf({ people: 0 });
    const receipt = receiptText(changeOf({ action: 'queue.expire', results: [result] }), { contextFlag: '' });
    expect(receipt).toContain('nobody is there whom it would end');
    expect(receipt).not.toContain('tacos undo');
  });

  it('keeps what a server says from steering the terminal', () => {
    const item = eventPlanOf({ warnings: ['\u001b[2Jgone\u202e'] });
    expect(planText(planOf({ items: [item] }), place)).toContain('   warning   [2Jgone\n');
  });
});

describe('values', () => {
  it.each([
    [50, 'perSec', '50.0/s'],
    [374, 'sec', '6m14s'],
    [18_234, 'people', '18,234'],
    [0.25, 'tokens', '0.25'],
    [46.5, 'percent', '46.5%'],
    ['2027-05-01T02:00:00.000Z', 'time', '2027-05-01T02:00:00Z'],
    [true, 'flag', 'yes'],
    [null, 'text', '-'],
    ['open', 'text', 'open'],
  ] as const)('%j in %s is %s', (value, unit, text) => {
    expect(valueText(value, unit)).toBe(text);
  });

  it('that follow the refill say so', () => {
    const row = { name: 'capacityIsDefault', unit: 'flag' } as const;
    expect(rowText({ ...row, before: false, after: true })).toEqual({
      name: 'capacity',
      value: 'follows the refill',
    });
    expect(rowText({ ...row, before: true, after: false }).value).toBe('does not follow the refill');
  });

  it('of a row show their change', () => {
    expect(rowText({ name: 'phase', unit: 'text', before: 'open', after: 'draining' })).toEqual({
      name: 'phase',
      value: 'open -> draining',
    });
    expect(rowText({ name: 'refillPerSec', unit: 'perSec', before: 50, after: 25 }).value).toBe(
      '50.0/s -> 25.0/s  (-50%)',
    );
  });
});

describe('a receipt', () => {
  it('says version, gateways, audit id and how to undo it at the same place', () => {
    expect(receiptText(changeOf(), { contextFlag: ' -c apne2-prod', timeZone: 'Asia/Seoul' })).toBe(
      'ok: version 19 in force on 5 of 6 gateways after 212 ms (missing: gw-3 seen 14:03:20), audit aud_7R0D. ' +
        'Undo for 15m: tacos undo aud_7R0D -c apne2-prod\n',
    );
  });

  it('has a line for each of several events, also for those where it failed', () => {
    const failed = resultOf({
      event: 'evt_z',
      applied: false,
      auditId: null,
      error: { code: 'VERSION_CONFLICT', message: 'Changed meanwhile.' },
    });
    const same = { event: 'evt_y', auditId: null, applied: false, revision: 4, rows: [] };
    const done = { event: 'evt_x', auditId: 'aud_1', applied: true, revision: 5, rows: [] };
    expect(receiptText(changeOf({ results: [done, same, failed] }), { contextFlag: '' })).toBe(
      'ok: evt_x version 5, audit aud_1\n' +
        'ok: evt_y it was so already, nothing was changed\n' +
        'failed: evt_z VERSION_CONFLICT: Changed meanwhile.\n',
    );
  });

  it('says what became of an event that is new or gone', () => {
    const result = { event: 'evt_x', auditId: 'aud_1', applied: true, revision: 1, rows: [] };
    const told = (action: string) =>
      receiptText(changeOf({ action, results: [result] }), { contextFlag: '' });
    expect(told('event.create')).toBe('ok: evt_x created, version 1, audit aud_1\n');
    expect(told('event.delete')).toBe('ok: evt_x deleted, version 1, audit aud_1\n');
  });

  it('counts people', () => {
    const people = (action: string, count: number) =>
      receiptText(
        changeOf({
          action,
          results: [{ event: 'evt_x', auditId: null, applied: true, revision: 0, rows: [], people: count }],
        }),
        { contextFlag: '' },
      );
    expect(people('queue.expire', 312)).toBe('ok: done, 312 places ended\n');
    expect(people('undo', 1)).toBe('ok: done, 1 place given back\n');
    expect(people('queue.message', 4_000)).toBe('ok: done, seen by 4,000 so far\n');
  });
});
