import { describe, expect, it, vi } from 'vitest';
import type { AuditEntry } from '../../contract/audit.ts';
import { FakeApi } from '../testing/fake-api.ts';
import { auditOf, snapshotOf } from '../testing/views.ts';
import { ChangeLog } from './changes.ts';

/** Entries aud_from down to aud_to. */
const entries = (from: number, to: number): AuditEntry[] =>
  Array.from({ length: from - to + 1 }, (_, at) => auditOf({ auditId: `aud_${from - at}` }));
const snapshot = (changes: readonly AuditEntry[]) => snapshotOf({ changes: [...changes] });

describe('the log of changes', () => {
  const api = () => {
    const fake = new FakeApi();
    fake.auditNow = entries(300, 1);
    return fake;
  };
  const open = (fake?: FakeApi) => {
    const told: string[] = [];
    const onNew = (fresh: readonly AuditEntry[]) => told.push(...fresh.map(({ auditId }) => auditId));
    const log = new ChangeLog({ event: 'evt_x', onNew, ...(fake === undefined ? {} : { api: fake }) });
    return { log, told };
  };

  it('tells nothing of what was there at the start, then each change once and in order', async () => {
    const { log, told } = open();
    await log.take(snapshot(entries(8, 1)));
    await log.take(snapshot(entries(8, 1)));
    await log.take(snapshot(entries(10, 3)));
    await log.take(snapshot(entries(11, 4)));
    expect(told).toEqual(['aud_9', 'aud_10', 'aud_11']);
    expect(log.entries.map(({ auditId }) => auditId).slice(0, 4)).toEqual([
      'aud_11',
      'aud_10',
      'aud_9',
      'aud_8',
    ]);
  });

  it('tells the very first change of an event that had none', async () => {
    const { log, told } = open();
    await log.take(snapshot([]));
    await log.take(snapshot(entries(2, 1)));
    expect(told).toEqual(['aud_1', 'aud_2']);
  });

  it('reads the audit trail when a break was longer than what a snapshot carries', async () => {
    const { log, told } = open(api());
    await log.take(snapshot(entries(20, 13)));
    await log.take(snapshot(entries(300, 293)));
    expect(told).toEqual(Array.from({ length: 280 }, (_, at) => `aud_${21 + at}`));
    expect(log.entries).toHaveLength(50);
  });

  it('tells what it has when the audit trail cannot be read', async () => {
    const fake = api();
    fake.failures.audit = new Error('down');
    const { log, told } = open(fake);
    await log.take(snapshot(entries(20, 13)));
    await log.take(snapshot(entries(300, 293)));
    expect(told).toHaveLength(8);
  });

  it('tells nothing twice when more comes while the audit trail is read', async () => {
    const fake = api();
    const { log, told } = open(fake);
    const audit = vi.spyOn(fake, 'audit');
    await log.take(snapshot(entries(100, 93)));
    const filling = log.take(snapshot(entries(299, 292)));
    const meanwhile = log.take(snapshot(entries(300, 293)));
    await Promise.all([filling, meanwhile]);
    expect(told).toEqual(Array.from({ length: 200 }, (_, at) => `aud_${101 + at}`));
    expect(audit).toHaveBeenCalledTimes(2);
  });

  it('keeps what became of a change that it knew', async () => {
    const { log, told } = open();
    await log.take(snapshot(entries(3, 1)));
    const [newest, ...rest] = entries(3, 1);
    await log.take(snapshot([auditOf({ ...newest, undoneBy: 'aud_4' }), ...rest]));
    expect([told, log.entries[0]?.undoneBy]).toEqual([[], 'aud_4']);
  });
});
