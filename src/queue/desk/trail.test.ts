import { describe, expect, it } from 'vitest';
import { auditEntrySchema } from '../../contract/audit.ts';
import { formatCopy, parseRecord, type StreamEntry, TrailFold, type TrailRecord, withUndo } from './trail.ts';

const nowMs = 1_800_000_000_000;
const at = new Date(nowMs).toISOString();
const stored = (record: object | string, fields: Readonly<Record<string, string>> = {}): StreamEntry => [
  `${nowMs}-0`,
  ['record', typeof record === 'string' ? record : JSON.stringify(record), ...Object.entries(fields).flat()],
];
const parse = (record: object | string, fields?: Readonly<Record<string, string>>): TrailRecord => {
  const parsed = parseRecord(stored(record, fields), 'evt_a');
  if (!parsed) throw new Error('no record');
  return parsed;
};

describe('a record of the trail', () => {
  it('takes time and version from the stream, and its event from whose stream it is', () => {
    const { entry } = parse(
      { auditId: 'aud_1', action: 'bucket.set' },
      { revision: '7', at: String(nowMs + 5) },
    );
    expect(entry).toMatchObject({
      auditId: 'aud_1',
      event: 'evt_a',
      revision: 7,
      at: new Date(nowMs + 5).toISOString(),
    });
  });

  it('of an earlier version is an entry too: what it lacks is empty', () => {
    const old = {
      auditId: 'aud_1',
      at,
      actor: 'op',
      action: 'bucket',
      summary: 'refill 1->2',
      reason: 'why',
    };
    const { entry, undoable } = parse(old);
    expect(auditEntrySchema.parse(entry)).toEqual(entry);
    expect(entry).toMatchObject({ ...old, role: 'system', revision: 0, rows: [] });
    expect(undoable).toBe(false);
  });

  it('keeps every character of its texts', () => {
    const summary = '\u001b[2J\u0000\n"ü"\u202e{}';
    expect(parse({ auditId: 'aud_1', summary }).entry.summary).toBe(summary);
  });

  it('is none where it names no change or is no JSON', () => {
    for (const record of ['', '{', '[]', 'null', '{}', '{"auditId":7}'])
      expect(parseRecord(stored(record), 'evt_a')).toBeUndefined();
  });

  it('is copied without the raw settings that an undo needs, and still says that there is one', () => {
    const record = parse(
      { auditId: 'aud_1', restore: { refill: 'x' } },
      { revision: '3', at: String(nowMs) },
    );
    const copy = parseRecord(stored(formatCopy(record)), null);
    expect(copy).toMatchObject({ entry: { ...record.entry, event: 'evt_a' }, undoable: true });
    expect(copy?.restore).toBeUndefined();
  });
});

describe('later records', () => {
  it('say by which an entry was undone, and what came of it', () => {
    const fold = new TrailFold();
    const outcome = { at, rows: [{ name: 'waiting', unit: 'people', predicted: 5, actual: 6 }] };
    const newestFirst = [
      parse({ addsTo: 'aud_1', outcome }),
      parse({ auditId: 'aud_2', undoes: 'aud_1' }),
      parse({ addsTo: 'aud_1', people: 12, outcome: { at, rows: [] } }),
      parse({ auditId: 'aud_1' }),
    ];
    const entries = newestFirst.flatMap((record) => fold.take(record)?.entry ?? []);
    expect(entries).toMatchObject([
      { auditId: 'aud_2', undoes: 'aud_1' },
      { auditId: 'aud_1', undoneBy: 'aud_2', people: 12, outcome },
    ]);
  });
});

describe('the time for an undo', () => {
  const record = parse({ auditId: 'aud_1', restore: { refill: '1' } }, { revision: '4', at: String(nowMs) });
  const state = { nowMs: nowMs + 1_000, revision: 4, tombs: [] };
  const until = (one: TrailRecord, change: Partial<Parameters<typeof withUndo>[1]> = {}) =>
    withUndo(one, { ...state, ...change }).undoUntil;

  it('is 15 min for settings that nobody has changed since', () => {
    expect(until(record)).toBe(new Date(nowMs + 900_000).toISOString());
    expect(until(record, { nowMs: nowMs + 900_000 })).toBeUndefined();
    expect(until(record, { revision: 5 })).toBeUndefined();
    expect(until(record, { revision: undefined })).toBeUndefined();
  });

  it('is 10 min for places, whatever the version, as long as they are kept', () => {
    const expiry = parse({ auditId: 'aud_9' }, { at: String(nowMs) });
    const tombs = [{ auditId: 'aud_9', untilMs: nowMs + 600_000, places: 3 }];
    expect(until(expiry, { revision: 9, tombs })).toBe(new Date(nowMs + 600_000).toISOString());
    expect(until(expiry, { tombs, nowMs: nowMs + 600_000 })).toBeUndefined();
    expect(until(expiry)).toBeUndefined();
  });

  it('is over once it was undone, and there is none where nothing could be put back', () => {
    expect(until({ ...record, entry: { ...record.entry, undoneBy: 'aud_2' } })).toBeUndefined();
    expect(until({ ...record, undoable: false })).toBeUndefined();
  });
});
