import { describe, expect, it } from 'vitest';
import { inSec, nowMs, seenWith } from '../../../../test/helpers/seen.ts';
import { close, drain, open, pause, resume } from './phase.ts';
import { checkExpire, deleteEvent, expire, flush, remove } from './places.ts';

const row = (name: string, unit: string, before: unknown, after: unknown) => ({ name, unit, before, after });
const closeWith = (rest: object, seen = seenWith({ waiting: 3, away: 1 })) =>
  close(seen, { type: 'queue.close', keep: false, ...rest });
const drainWith = (rest: object, seen = seenWith({ waiting: 3, away: 1 })) =>
  drain(seen, { type: 'queue.drain', now: false, ...rest });

describe('pause and resume', () => {
  it('are S2 and S1, and unchanged where it is so already', () => {
    expect(pause(seenWith())).toMatchObject({
      level: 'S2',
      unchanged: false,
      rows: [row('paused', 'flag', false, true)],
    });
    expect(resume(seenWith())).toMatchObject({ level: 'S1', unchanged: true });
  });
});

describe('resume', () => {
  const message = 'Back at nine';

  it('warns of a message that stays, unless nothing changes or it has ended', () => {
    const warningsOf = (meta: Readonly<Record<string, string>>) => resume(seenWith({ meta })).warnings;
    expect(warningsOf({ paused: '1', message })).toEqual([
      'the message "Back at nine" stays: tacos queue message evt_a --clear',
    ]);
    expect(warningsOf({ message })).toEqual([]);
    expect(warningsOf({ paused: '1' })).toEqual([]);
    expect(warningsOf({ paused: '1', message, messageUntil: String(nowMs - 1) })).toEqual([]);
  });
});

describe('open', () => {
  const scheduled = seenWith({ opensAtMs: nowMs + 60_000 });

  it('opens now, and takes its share of the budget', () => {
    const draft = open(scheduled, { type: 'queue.open' });
    expect(draft.rows).toEqual([row('phase', 'text', 'scheduled', 'open')]);
    expect(draft.claim).toEqual({ before: 0, after: 10e6 });
    expect(open(seenWith(), { type: 'queue.open' }).unchanged).toBe(true);
  });

  it('goes back to scheduled for a later opening of a closed event', () => {
    const closed = seenWith({ meta: { phase: 'closed', deadline: '5', prequeueFrom: '5' } });
    const { operation } = open(closed, { type: 'queue.open', at: inSec(60) });
    const opensAt = String(nowMs + 60_000);
    expect(operation).toEqual({
      kind: 'settings',
      fields: { opensAt, phase: 'scheduled', prequeueFrom: '0', deadline: '0' },
    });
  });

  it('refuses a time that has passed, one before the prequeue, and any for an open event', () => {
    expect(() => open(scheduled, { type: 'queue.open', at: inSec(0) })).toThrow('has passed');
    expect(() => open(seenWith(), { type: 'queue.open', at: inSec(60) })).toThrow('open already');
    const early = seenWith({ opensAtMs: nowMs + 60_000, prequeueFromMs: nowMs + 30_000 });
    expect(() => open(early, { type: 'queue.open', at: inSec(20) })).toThrow('prequeue');
  });
});

describe('close', () => {
  it('with people in the line wants to know what becomes of them', () => {
    expect(() => closeWith({})).toThrow(
      '4 people wait, 1 of them away (stepped around, the place is kept): say what becomes of them',
    );
    expect(() => closeWith({}, seenWith({ waiting: 12_345 }))).toThrow(
      '12,345 people wait: say what becomes of them',
    );
    expect(() => closeWith({}, seenWith({ waiting: 0, away: 7 }))).toThrow(
      '7 people wait, 7 of them away (stepped around, the place is kept): say what',
    );
    expect(() => closeWith({ keep: true, soldOut: 'x' })).toThrow('Either');
    expect(closeWith({}, seenWith()).operation).toEqual({ kind: 'phase', action: 'close' });
    expect(closeWith({}, seenWith({ waiting: 3, meta: { phase: 'closed' } })).unchanged).toBe(true);
  });

  it('keeps the line, paused', () => {
    expect(closeWith({ keep: true })).toMatchObject({
      rows: [row('phase', 'text', 'open', 'draining'), row('paused', 'flag', false, true)],
      operation: { kind: 'phase', action: 'keep' },
      irreversible: [],
      restore: { phase: 'open', paused: '0', deadline: '0' },
    });
  });

  it('tells everybody, for good after ten minutes', () => {
    const draft = closeWith({ soldOut: 'Sold out' });
    expect(draft).toMatchObject({
      undoSec: 600,
      people: 4,
      operation: { action: 'close', message: 'Sold out' },
    });
    expect(draft.irreversible).toHaveLength(1);
    expect(draft.restore).toMatchObject({ message: '', messageUntil: '0' });
  });
});

describe('drain', () => {
  it('closes when empty or by a deadline', () => {
    expect(drainWith({}).operation).toEqual({ kind: 'phase', action: 'drain' });
    const draft = drainWith({ deadlineSec: 60 });
    expect(draft.operation).toEqual({ kind: 'phase', action: 'drain', deadlineMs: 60_000 });
    expect(draft.rows).toContainEqual(row('closesAt', 'time', null, inSec(60)));
    expect(draft.level).toBe('S2');
  });

  it('at once is S3', () => {
    const draft = drainWith({ now: true });
    expect(draft).toMatchObject({ level: 'S3', undoSec: 600, people: 4, operation: { action: 'close' } });
    expect(() => drainWith({ now: true, deadlineSec: 5 })).toThrow('Either');
  });

  it('does not open a closed event again', () => {
    expect(() => drainWith({}, seenWith({ meta: { phase: 'closed' } }))).toThrow('closed already');
  });
});

describe('places', () => {
  const all = { type: 'queue.expire', all: true } as const;

  it('end all at once only while paused', () => {
    const running = expire(seenWith({ waiting: 5 }), all, { people: 5 });
    expect(running.refusals).toEqual([expect.objectContaining({ code: 'NOT_PAUSED', canOverride: false })]);
    const paused = expire(seenWith({ waiting: 5, away: 2, meta: { paused: '1' } }), all, { people: 7 });
    expect(paused).toMatchObject({
      level: 'S3',
      undoSec: 600,
      refusals: [],
      waitingAfter: 0,
      rows: [row('places', 'people', 7, 0)],
      operation: { job: { kind: 'expire', all: true } },
    });
  });

  it('are not counted in the summary: the record says how many there were once it is done', () => {
    const silent = { type: 'queue.expire', silentForSec: 60 } as const;
    expect(expire(seenWith({ waiting: 500 }), silent, { people: 115 })).toMatchObject({
      people: 115,
      summary: 'expired who is silent for 60 s',
    });
    expect(flush(seenWith({ waiting: 500, kind: 'test' })).summary).toBe('flushed');
  });

  it('want exactly one way to say whose', () => {
    for (const rest of [
      {},
      { all: false },
      { all: true, silentForSec: 30 },
      { visitors: ['#1'], silentForSec: 30 },
    ])
      expect(() => checkExpire({ type: 'queue.expire', ...rest })).toThrow('exactly one');
    expect(() => checkExpire({ type: 'queue.expire', silentForSec: 30, all: false })).not.toThrow();
  });

  it('of one visitor are not given back', () => {
    const draft = remove(seenWith({ waiting: 5 }), { seq: 3, inLine: true, ref: '#3' });
    expect(draft).toMatchObject({
      level: 'S2',
      undoSec: 0,
      people: 1,
      operation: { job: { kind: 'remove', seqs: [3] } },
    });
    expect(draft.irreversible).toHaveLength(1);
    expect(remove(seenWith(), { seq: 3, inLine: false, ref: '#3' }).unchanged).toBe(true);
  });

  it('of events that are no tests are not flushed, nor are open events deleted', () => {
    expect(flush(seenWith()).refusals).toMatchObject([{ code: 'NOT_A_TEST', canOverride: false }]);
    expect(flush(seenWith({ kind: 'test' })).refusals).toEqual([]);
    expect(deleteEvent(seenWith()).refusals).toMatchObject([{ code: 'NOT_CLOSED' }]);
    expect(deleteEvent(seenWith({ kind: 'test' })).refusals).toEqual([]);
    expect(deleteEvent(seenWith({ meta: { phase: 'closed' } }))).toMatchObject({
      refusals: [],
      level: 'S3',
      undoSec: 0,
    });
  });
});
