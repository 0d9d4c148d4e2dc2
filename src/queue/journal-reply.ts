/** What XREAD answers of a journal, taken into a replica. */
import { type JournalEntry, parseEntry } from './journal.ts';
import type { Replica } from './replica.ts';

export type XreadReply = [key: string, entries: [id: string, fields: string[]][]][] | null;

/** Applies what XREAD answered; incomplete where an entry is missing in between, not ours or not readable. */
export function applyAll(
  replica: Replica,
  reply: XreadReply,
  readMs: number,
): { complete: boolean; settings: boolean; count: number } {
  const entries = reply?.[0]?.[1] ?? [];
  let settings = false;
  for (const [id, fields] of entries) {
    const n = Number(id.slice(0, id.indexOf('-')));
    if (n !== replica.n + 1) return { complete: false, settings, count: 0 };
    const entry = readEntry(fields[1]);
    if (!entry) return { complete: false, settings, count: 0 };
    if (entry.kind === 'settings') settings = true;
    replica.apply(n, entry, readMs);
  }
  return { complete: true, settings, count: entries.length };
}

function readEntry(value = ''): JournalEntry | undefined {
  try {
    return parseEntry(value);
  } catch {
    return undefined;
  }
}
