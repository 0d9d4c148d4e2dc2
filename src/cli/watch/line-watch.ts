/** Line mode: a row per interval, and one at once for each change of state, settings or link. */
import type { AuditEntry } from '../../contract/audit.ts';
import type { QueueSnapshot } from '../../contract/snapshot.ts';
import type { AdminApi } from '../admin-api.ts';
import { clean } from '../output/clean.ts';
import { pick } from '../output/fields.ts';
import type { Clock } from '../runtime.ts';
import { brakeText } from './brake-text.ts';
import { ChangeLog } from './changes.ts';
import type { Feed } from './feed.ts';
import { changeNote, lineHeader, lineRow, stateOf } from './line-row.ts';
import { Beat, runLines, tooOld } from './line-run.ts';
import { type Link, linkAt } from './link.ts';
import { recoveryText } from './recovery-text.ts';
import { changeInWords, linkInWords, news, opening, still } from './speech.ts';

/** `rows` for eyes and pipes, `jsonl` for programs, `words` for ears. */
export type LineForm = 'rows' | 'jsonl' | 'words';

export interface LineWatchOptions {
  readonly feed: Feed;
  /** Where changes made during a break are read; without it they are missed. */
  readonly api?: Pick<AdminApi, 'audit'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly intervalMs: number;
  readonly form: LineForm;
  readonly headers: boolean;
  /** Paths that `jsonl` prints; none = all. */
  readonly fields?: readonly string[];
  /** Takes one whole line, without its end. */
  readonly print: (line: string) => void;
  readonly until?: (snapshot: QueueSnapshot) => boolean;
  /** Ends after this time, ms: with `until` in vain, so an error; else done. */
  readonly timeoutMs?: number;
  /** Age of the data that is an error, ms. */
  readonly maxStaleMs?: number;
}

/** Silence after which words say that it goes on, ms. */
const stillMs = 30_000;

/**
 * Watches until `until` holds, the time is over or the signal comes; runs the feed, whose end is the caller's.
 *
 * @throws CliError (8, 7, 3)
 */
export async function watchLines(options: LineWatchOptions): Promise<void> {
  const { feed, signal, intervalMs, timeoutMs, until } = options;
  const lines = options.form === 'words' ? new Words(options) : new Rows(options);
  let taking = Promise.resolve();
  const log = new ChangeLog({
    event: feed.event,
    ...(options.api === undefined ? {} : { api: options.api }),
    onNew: (entries) => lines.changed(entries),
  });
  let taken: QueueSnapshot | undefined;
  const look = (): boolean => {
    const { snapshot } = feed;
    if (snapshot === undefined) return false;
    if (snapshot !== taken) {
      taken = snapshot;
      taking = log.take(snapshot);
    }
    const link = linkAt(feed.facts, options.clock.monotonic());
    const isReached = until?.(snapshot) === true;
    lines.look(snapshot, link, isReached);
    const { maxStaleMs } = options;
    if (maxStaleMs !== undefined && link.ageSec * 1000 > maxStaleMs) throw tooOld(link.ageSec, maxStaleMs);
    return isReached;
  };
  await runLines({
    feed,
    signal,
    intervalMs,
    look,
    settle: () => taking,
    hasAim: until !== undefined,
    event: feed.event,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}

/** Rows or objects. */
class Rows {
  private readonly options: LineWatchOptions;
  private readonly beat: Beat;
  private last: { state: string; word: string } | undefined;
  private recovering = '';

  constructor(options: LineWatchOptions) {
    this.options = options;
    this.beat = new Beat(options.intervalMs);
  }

  /** Each change is a row of its own. */
  changed(entries: readonly AuditEntry[]): void {
    const { feed, clock } = this.options;
    const { snapshot } = feed;
    if (snapshot === undefined) return;
    for (const entry of entries) {
      this.print(snapshot, linkAt(feed.facts, clock.monotonic()), changeNote(entry));
    }
  }

  look(snapshot: QueueSnapshot, link: Link, isReached: boolean): void {
    const isDue = this.beat.isDue(this.options.clock.monotonic());
    const isOther = this.last?.word !== link.word || this.last.state !== stateOf(snapshot);
    const recovering = recoveryText(snapshot);
    const isTurn = (recovering === '') !== (this.recovering === '');
    this.recovering = recovering;
    if (isDue || isOther || isReached || isTurn)
      this.print(snapshot, link, recovering || brakeText(snapshot));
  }

  private print(snapshot: QueueSnapshot, link: Link, note: string): void {
    const { form, print, clock, headers, fields = [] } = this.options;
    if (form === 'jsonl') {
      const ageSec = Math.round(link.ageSec * 1000) / 1000;
      const line = { ...snapshot, ageSec, stale: snapshot.stale || link.word === 'stale' };
      print(JSON.stringify(fields.length === 0 ? line : pick(line, fields)));
    } else {
      if (this.last === undefined && headers) print(lineHeader);
      print(lineRow(snapshot, link, clock.now(), note));
    }
    this.last = { state: stateOf(snapshot), word: link.word };
  }
}

/** Sentences, only ever added below the last one. */
class Words {
  private readonly options: LineWatchOptions;
  private said: QueueSnapshot | undefined;
  private word: Link['word'] = 'live';
  private saidAtMs = 0;

  constructor(options: LineWatchOptions) {
    this.options = options;
  }

  changed(entries: readonly AuditEntry[]): void {
    for (const entry of entries) this.say(changeInWords(entry));
  }

  look(snapshot: QueueSnapshot, link: Link, isReached: boolean): void {
    if (this.said === undefined) {
      this.said = snapshot;
      this.say(opening(snapshot));
      return;
    }
    if (link.word !== this.word) {
      this.word = link.word;
      this.say(linkInWords(link.word));
    }
    const lines = news(this.said, snapshot);
    if (lines.length > 0 || isReached) {
      this.said = snapshot;
      for (const line of lines) this.say(line);
    }
    if (isReached) this.say(opening(snapshot));
    else if (this.options.clock.monotonic() - this.saidAtMs >= stillMs) this.say(still(snapshot));
  }

  private say(line: string): void {
    this.saidAtMs = this.options.clock.monotonic();
    this.options.print(clean(line));
  }
}
