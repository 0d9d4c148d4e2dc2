import { describe, expect, it } from 'vitest';
import { at, atMs, useLine } from './line.ts';

describe('note_audit', () => {
  const line = useLine();

  it('appends a record once, whoever tries, as it was given', async () => {
    const { redis, store } = line;
    const event = await line.event();
    const note = { noteId: 'outcome aud_1', record: '{"empty":[],"text":"é"}', nowUs: at(1) };
    const tries = await Promise.all([1, 2, 3].map(() => store.noteAudit(event, note)));
    expect(tries.filter(Boolean)).toHaveLength(1);
    expect(await store.noteAudit(event, { ...note, noteId: 'outcome aud_2' })).toBe(true);
    const records = await redis.xrange(event.keys.audit, '-', '+');
    expect(records.slice(1).map(([, fields]) => fields)).toEqual(
      Array(2).fill(['record', note.record, 'revision', '0', 'at', String(atMs(1))]),
    );
  });

  it('writes nothing for an event of another incarnation, or for none', async () => {
    const { redis, store } = line;
    const event = await line.event({ kind: 'test' });
    const note = { noteId: 'n', record: '{}' };
    await expect(store.noteAudit({ ...event, incarnation: 'other' }, note)).rejects.toThrow('incarnation');
    await store.deleteEvent(event);
    await expect(store.noteAudit(event, note)).rejects.toThrow('gone');
    expect(await redis.exists(event.keys.audit, event.keys.notes)).toBe(0);
  });
});
