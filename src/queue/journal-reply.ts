/** What XREAD answers of a journal, taken into a replica. */
import { type JournalEntry, parseEntry, type Question } from './journal.ts';
import type { Replica } from './replica.ts';

export type XreadReply = [key: string, entries: [id: string, fields: string[]][]][] | null;

/** What came with a batch of entries. */
export interface AppliedChange {
  /** The settings changed. */
  readonly settings: boolean;
  /** Questions to answer; those that a load reads again are not told. */
  readonly asked?: readonly Question[];
}

interface Applied extends AppliedChange {
  readonly complete: boolean;
  readonly count: number;
}

/** Applies what XREAD answered; incomplete where an entry is missing in between, not ours or not readable. */
export function applyAll(replica: Replica, reply: XreadReply, readMs: number): Applied {
  const entries = reply?.[0]?.[1] ?? [];
  const asked: Question[] = [];
  let settings = false;
  for (const [id, fields] of entries) {
    const n = Number(id.slice(0, id.indexOf('-')));
    if (n !== replica.n + 1) return { complete: false, settings, asked, count: 0 };
    const entry = readEntry(fields[1]);
    if (!entry) return { complete: false, settings, asked, count: 0 };
    if (entry.kind === 'settings') settings = true;
    if (entry.kind === 'asked') asked.push(entry);
    replica.apply(n, entry, readMs);
  }
  return { complete: true, settings, asked, count: entries.length };
}

function readEntry(value = ''): JournalEntry | undefined {
  try {
    const entry = parseEntry(value);
    return entry.kind === 'unknown' && entry.changes ? undefined : entry;
  } catch {
    return undefined;
  }
}
