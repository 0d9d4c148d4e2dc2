import { describe, expect, it } from 'vitest';
import { inSec, nowMs, seenWith } from '../../../test/helpers/seen.ts';
import type { AuditEntry } from '../../contract/audit.ts';
import { undoBudget, undoEvent } from './undo.ts';

const entry = (change: Partial<AuditEntry> = {}): AuditEntry => ({
  auditId: 'aud_1',
  at: inSec(-60),
  event: 'evt_a',
  actor: 'mina',
  role: 'operator',
  client: 'test',
  action: 'bucket.set',
  summary: 'refill 50/s -> 10/s',
  reason: '',
  revision: 7,
  rows: [],
  ...change,
});
const restore = { refill: '50000000 0 50000000 0 0 50000000' };
const nothing = { tombs: [], since: [] };

describe('undo of settings', () => {
  it('puts the fields back, with what that means', () => {
    const draft = undoEvent(seenWith(), { entry: entry(), restore }, nothing);
    expect(draft).toMatchObject({
      level: 'S2',
      refusals: [],
      undoes: 'aud_1',
      claim: { before: 10e6, after: 50e6 },
      operation: { kind: 'settings', fields: restore },
      restore: { refill: '10000000 0 10000000 0 0 10000000' },
    });
    expect(draft.summary).toContain('undid aud_1: refill 10/s -> 50/s');
  });

  it('of a rollback says that the sale stays stopped', () => {
    const rows = [{ name: 'sale', unit: 'text' as const, before: 'running', after: 'stopped' }];
    const undone = { entry: entry({ action: 'sale.rollback', rows }), restore };
    const warnings = (opensAtMs: number) => undoEvent(seenWith({ opensAtMs }), undone, nothing).warnings;
    expect(warnings(nowMs + 60_000)).toEqual([
      expect.stringMatching(/^the sale stays stopped, .+: tacos sale apply FILE /),
    ]);
    expect(warnings(0)).toEqual([expect.stringMatching(/by hand, such as tacos bucket set evt_a /)]);
    expect(undoEvent(seenWith(), { entry: entry(), restore }, nothing).warnings).toEqual([]);
  });

  it('goes on with a limit that has not ended, as if nothing had been', () => {
    const limited = { refill: `50000000 0 50000000 0 ${nowMs + 5_000} 20000000` };
    const { rows } = undoEvent(seenWith(), { entry: entry(), restore: limited }, nothing);
    expect(rows).toContainEqual({ name: 'refillUntil', unit: 'time', before: null, after: inSec(5) });
  });

  it.each([
    ['after 15 minutes', { at: inSec(-901) }, 'TOO_LATE'],
    [
      'of a closing after 10',
      { at: inSec(-601), rows: [{ name: 'phase', unit: 'text', before: 'open', after: 'closed' }] },
      'TOO_LATE',
    ],
    ['of what was undone', { undoneBy: 'aud_2' }, 'UNDONE'],
    ['at another version', { revision: 6 }, 'VERSION_CONFLICT'],
  ] as const)('is refused %s', (_, change, code) => {
    const undone = { entry: entry({ ...change, rows: [...('rows' in change ? change.rows : [])] }), restore };
    expect(undoEvent(seenWith(), undone, nothing).refusals).toMatchObject([{ code, canOverride: false }]);
  });

  it('says what was changed since', () => {
    const since = [entry({ auditId: 'aud_2', summary: 'paused', actor: 'joon' })];
    const { refusals } = undoEvent(
      seenWith(),
      { entry: entry({ revision: 6 }), restore },
      { tombs: [], since },
    );
    expect(refusals[0]?.text).toContain('since then: paused by joon (aud_2)');
  });

  it('does not bring back a message whose end has passed', () => {
    const message = { message: 'Hello', messageUntil: String(nowMs - 1) };
    const draft = undoEvent(seenWith(), { entry: entry(), restore: message }, nothing);
    expect(draft.refusals).toMatchObject([{ code: 'TOO_LATE', canOverride: false }]);
    expect(draft.refusals[0]?.text).toContain('it has ended by itself');
    const still = { ...message, messageUntil: String(nowMs + 1) };
    expect(undoEvent(seenWith(), { entry: entry(), restore: still }, nothing).refusals).toEqual([]);
    const meta = { phase: 'closed', message: 'Sold out' };
    const closing = { phase: 'open', deadline: '0', ...message };
    const reopened = undoEvent(seenWith({ meta }), { entry: entry(), restore: closing }, nothing);
    expect(reopened).toMatchObject({
      refusals: [],
      operation: { fields: { phase: 'open', message: '', messageUntil: '0' } },
    });
  });

  it('is a bad request where nothing was kept', () => {
    expect(() => undoEvent(seenWith(), { entry: entry({ action: 'queue.remove' }) }, nothing)).toThrow(
      'cannot be undone',
    );
  });
});

describe('undo of an expiry', () => {
  const expiry = entry({ action: 'queue.expire', revision: 0 });

  it('gives places back whatever the version', () => {
    const tombs = [{ auditId: 'aud_1', untilMs: nowMs + 5_000, places: 12 }];
    const draft = undoEvent(seenWith({ waiting: 3 }), { entry: expiry }, { tombs, since: [] });
    expect(draft).toMatchObject({
      people: 12,
      waitingAfter: 15,
      refusals: [],
      operation: { job: { kind: 'restore', undoes: 'aud_1' } },
    });
  });

  it('is too late once they are not kept any more', () => {
    expect(undoEvent(seenWith(), { entry: expiry }, nothing).refusals).toMatchObject([{ code: 'TOO_LATE' }]);
  });
});

describe('undo of the budget', () => {
  const set = entry({ action: 'budget.set', event: null, revision: 2 });
  const now = { state: { perSecMicro: 50e6, revision: 2, raw: '50000000' }, usedPerSec: 10, nowMs };

  it('puts back what was before, none included', () => {
    expect(undoBudget({ entry: set, restore: { perSec: '120000000' } }, now)).toMatchObject({
      rows: [{ name: 'budgetPerSec', unit: 'perSec', before: 50, after: 120 }],
      operation: { kind: 'budget', perSecMicro: 120e6 },
      refusals: [],
      undoes: 'aud_1',
    });
    expect(undoBudget({ entry: set, restore: { perSec: '' } }, now).operation).toEqual({
      kind: 'budget',
      perSecMicro: null,
    });
  });

  it('is refused once it was set again', () => {
    const later = { ...now, state: { ...now.state, revision: 3 } };
    const draft = undoBudget({ entry: set, restore: { perSec: '' } }, later);
    expect(draft.refusals).toMatchObject([{ code: 'VERSION_CONFLICT' }]);
  });
});
