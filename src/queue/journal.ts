/**
 * The journal of an event: every transition as one entry of a capped Redis Stream `tacos:{event}:journal`.
 * The stream id is `<n>-0`; n rises by one with each entry, so a hole is seen at once. An entry has one field, `e`,
 * whose value is words separated by spaces. Entries say absolute states, so applying one twice is harmless.
 *
 *   j <firstSeq> <count> <nowMs>                    joined: count places from firstSeq on, waiting
 *   e <seq> <tokensMicro> <refilledAtUs> <w|a>      entered, from waiting or away; the bucket after it
 *   l <seq> <nowMs>                                 left
 *   a <s|u> <nowMs> <seqs>                          stepped around: silent or unclaimed
 *   b <seqs>                                        back in the line
 *   x <nowMs> <seqs> [<untilMs>]                    expired; with a time: by an operator, who can give them back until then
 *   r <nowMs> <seqs> [<skipped>]                    given back: expired before, or lost by Redis; waiting now
 *   m <e|l|x> <seqs> <skipped>                      entered, left or expired before Redis lost its memory: known again
 *   q <askId> <story|seen> <seq> <sinceMs>          an operator asks the gateways; changes nothing
 *   s <tokensMicro> <refilledAtUs> <meta JSON>      phase, pause or settings changed: all of them after it
 *
 * skipped = how many of the numbers that recoveries left out nobody turned out to have, after it.
 * seqs = comma-separated numbers and ranges a-b. The letter is an entry's version: what it says of places or the bucket never
 * changes, but words may be added at the end. Of letters that are not known, as a newer version wrote them, small ones
 * are ignored, and capital ones say of places or the bucket what only a reload can tell who does not know them.
 */

export type JournalEntry =
  | { readonly kind: 'joined'; readonly firstSeq: number; readonly count: number; readonly nowMs: number }
  | {
      readonly kind: 'entered';
      readonly seq: number;
      readonly tokensMicro: number;
      readonly refilledAtUs: number;
      readonly wasAway: boolean;
    }
  | { readonly kind: 'left'; readonly seq: number; readonly nowMs: number }
  | {
      readonly kind: 'away';
      readonly reason: 'silent' | 'unclaimed';
      readonly nowMs: number;
      readonly seqs: readonly number[];
    }
  | { readonly kind: 'back'; readonly seqs: readonly number[] }
  | {
      readonly kind: 'expired';
      readonly nowMs: number;
      readonly seqs: readonly number[];
      /** Redis ms; absent = they cannot be given back. */
      readonly restorableUntilMs?: number;
    }
  | {
      readonly kind: 'restored';
      readonly nowMs: number;
      readonly seqs: readonly number[];
      readonly skipped?: number;
    }
  | {
      readonly kind: 'remembered';
      readonly how: 'entered' | 'left' | 'expired';
      readonly seqs: readonly number[];
      readonly skipped: number;
    }
  | ({ readonly kind: 'asked' } & Question)
  | {
      readonly kind: 'settings';
      readonly tokensMicro: number;
      readonly refilledAtUs: number;
      readonly meta: Readonly<Record<string, string>>;
    }
  /** `changes` = it said something of places or the bucket: read the event anew. */
  | { readonly kind: 'unknown'; readonly changes: boolean };

/** What an operator asks every gateway: the story of one place, or who has seen the message since a time. */
export interface Question {
  readonly askId: string;
  readonly what: 'story' | 'seen';
  /** 0 = of no single place. */
  readonly seq: number;
  /** Redis ms. */
  readonly sinceMs: number;
}

/** Parses the value of an entry's field `e`. */
export function parseEntry(value: string): JournalEntry {
  const kind = value[0];
  if (kind === 's') return parseSettings(value);
  const words = value.split(' ');
  const number = (index: number): number => Number(words[index]);
  switch (kind) {
    case 'j':
      return { kind: 'joined', firstSeq: number(1), count: number(2), nowMs: number(3) };
    case 'e':
      return {
        kind: 'entered',
        seq: number(1),
        tokensMicro: number(2),
        refilledAtUs: number(3),
        wasAway: words[4] === 'a',
      };
    case 'l':
      return { kind: 'left', seq: number(1), nowMs: number(2) };
    case 'a':
      return {
        kind: 'away',
        reason: words[1] === 'u' ? 'unclaimed' : 'silent',
        nowMs: number(2),
        seqs: parseSeqs(words[3]),
      };
    case 'b':
      return { kind: 'back', seqs: parseSeqs(words[1]) };
    case 'x':
      return {
        kind: 'expired',
        nowMs: number(1),
        seqs: parseSeqs(words[2]),
        ...(words[3] === undefined ? {} : { restorableUntilMs: number(3) }),
      };
    case 'r':
      return {
        kind: 'restored',
        nowMs: number(1),
        seqs: parseSeqs(words[2]),
        ...(words[3] === undefined ? {} : { skipped: number(3) }),
      };
    case 'm':
      return parseRemembered(words);
    case 'q':
      return parseQuestion(words);
    default:
      return { kind: 'unknown', changes: kind !== undefined && kind >= 'A' && kind <= 'Z' };
  }
}

const endLetters: Readonly<Record<string, 'entered' | 'left' | 'expired'>> = {
  e: 'entered',
  l: 'left',
  x: 'expired',
};

function parseRemembered(words: readonly string[]): JournalEntry {
  const how = endLetters[words[1] ?? ''];
  return how === undefined
    ? { kind: 'unknown', changes: true }
    : { kind: 'remembered', how, seqs: parseSeqs(words[2]), skipped: Number(words[3]) };
}

function parseQuestion(words: readonly string[]): JournalEntry {
  const [, askId = '', what = '', seq, sinceMs] = words;
  if (what !== 'story' && what !== 'seen') return { kind: 'unknown', changes: false };
  return { kind: 'asked', askId, what, seq: Number(seq), sinceMs: Number(sinceMs) };
}

function parseSettings(value: string): JournalEntry {
  const second = value.indexOf(' ', 2);
  const third = value.indexOf(' ', second + 1);
  return {
    kind: 'settings',
    tokensMicro: Number(value.slice(2, second)),
    refilledAtUs: Number(value.slice(second + 1, third)),
    meta: JSON.parse(value.slice(third + 1)) as Record<string, string>,
  };
}

/** `3,7-9` as a list. */
export function parseSeqs(text = ''): number[] {
  const seqs: number[] = [];
  for (const part of text.split(',')) {
    const dash = part.indexOf('-');
    if (dash < 0) {
      if (part !== '') seqs.push(Number(part));
      continue;
    }
    const last = Number(part.slice(dash + 1));
    for (let seq = Number(part.slice(0, dash)); seq <= last; seq += 1) seqs.push(seq);
  }
  return seqs;
}
