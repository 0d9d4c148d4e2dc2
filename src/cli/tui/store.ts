/** What the live screen shows, as one immutable model. Subscribers hear of it only when it differs. */
import type { QueueSnapshot } from '../../contract/admin-api.ts';
import { timeOfDay } from '../output/format.ts';
import type { Clock } from '../runtime.ts';
import type { Feed } from '../watch/feed.ts';
import { linkAt } from '../watch/link.ts';
import type { Action } from './controls.ts';
import type { Glyphs } from './glyphs.ts';
import { History, type WindowMin, windowsMin } from './history.ts';
import { type LinkText, linkText } from './link-text.ts';
import { changeText, type Row, toRows } from './rows.ts';

export interface Model {
  readonly badge: string;
  /** ` local / evt_demo  Summer Fest`. */
  readonly title: string;
  readonly link: LinkText;
  /** Values are old: drawn dim. */
  readonly isStale: boolean;
  /** Time of the data, in the event's zone. */
  readonly time: string;
  readonly rows: readonly Row[];
  /** Latest change first. */
  readonly changes: readonly { readonly id: string; readonly text: string }[];
  readonly frozen: string;
  readonly showsHelp: boolean;
  /** For terminals too small for the rows. */
  readonly summary: string;
}

/** A model is made at most so often, ms; keys are answered at once. */
export const frameMs = 250;
/** Changes kept for the screen. */
const changesMax = 8;

export interface StoreOptions {
  readonly feed: Feed;
  readonly clock: Clock;
  readonly glyphs: Glyphs;
  readonly badge: () => string;
  readonly context: string;
  readonly event: string;
}

export class WatchStore {
  private readonly options: StoreOptions;
  private readonly history = new History();
  private readonly listeners = new Set<() => void>();
  private readonly changes: { id: string; text: string }[] = [];
  private windowMin: WindowMin = 1;
  private frozen: { model: Model; atMs: number } | undefined;
  private showsHelp = false;
  private model: Model;
  private text = '';
  private timer: NodeJS.Timeout | undefined;
  private unsubscribe: (() => void) | undefined;
  private dueAtMs = 0;

  constructor(options: StoreOptions) {
    this.options = options;
    this.model = this.make();
  }

  /** Starts to follow the feed. */
  start(): void {
    this.timer = setInterval(() => this.look(), frameMs);
    this.unsubscribe = this.options.feed.onChange(({ snapshot }) => {
      if (snapshot !== undefined) this.noteChange(snapshot);
    });
  }

  /** Stops following; nobody is told of anything afterwards. */
  stop(): void {
    clearInterval(this.timer);
    this.unsubscribe?.();
    this.listeners.clear();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getModel = (): Model => this.model;

  /** Does what a key says, except to quit. */
  act(action: Action): void {
    const { clock, feed } = this.options;
    if (action === 'help') this.showsHelp = !this.showsHelp;
    if (action === 'window') {
      const at = windowsMin.indexOf(this.windowMin);
      this.windowMin = windowsMin[(at + 1) % windowsMin.length] ?? 1;
    }
    if (action === 'freeze') {
      this.frozen = this.frozen === undefined ? { model: this.make(), atMs: clock.monotonic() } : undefined;
    }
    if (action === 'resync') feed.resync();
    this.publish();
  }

  /** Takes a sample once a second while the link is good, and publishes. */
  look(): void {
    const { feed, clock } = this.options;
    const nowMs = clock.monotonic();
    const { snapshot } = feed;
    if (snapshot !== undefined && nowMs >= this.dueAtMs && linkAt(feed.facts, nowMs).word === 'live') {
      this.dueAtMs = Math.floor(nowMs / 1000) * 1000 + 1000;
      const { waiting, admitPerSec, redis } = snapshot;
      this.history.record(nowMs, { waiting, admitPerSec, redisCpuPercent: redis.cpuPercent });
    }
    this.publish();
  }

  private publish(): void {
    const model = this.make();
    const text = JSON.stringify(model);
    if (text === this.text) return;
    this.text = text;
    this.model = model;
    for (const listener of this.listeners) listener();
  }

  private noteChange(snapshot: QueueSnapshot): void {
    const id = snapshot.lastChange?.auditId;
    if (id === undefined || this.changes[0]?.id === id) return;
    this.changes.unshift({ id, text: changeText(snapshot) });
    this.changes.length = Math.min(this.changes.length, changesMax);
  }

  private make(): Model {
    const { feed, clock, glyphs, badge, context, event } = this.options;
    const nowMs = clock.monotonic();
    const { snapshot, facts } = feed;
    const link = linkAt(facts, nowMs);
    const common = { showsHelp: this.showsHelp, changes: [...this.changes] };
    if (this.frozen !== undefined) {
      const frozen = `FROZEN ${Math.floor((nowMs - this.frozen.atMs) / 1000)}s`;
      return { ...this.frozen.model, ...common, frozen, link: linkText(link, glyphs.dot) };
    }
    const name = snapshot?.name ?? '';
    const base = {
      ...common,
      badge: badge(),
      title: `${context} / ${event}${name === '' ? '' : `  ${name}`}`,
      frozen: '',
    };
    if (snapshot === undefined) {
      const connecting: LinkText = { text: `${glyphs.dot} CONNECTING`, tone: 'warn' };
      return { ...base, link: connecting, isStale: false, time: '', rows: [], summary: 'connecting' };
    }
    return {
      ...base,
      link: linkText(link, glyphs.dot),
      isStale: link.word === 'stale' || link.word === 'gone' || link.word === 'auth',
      time: timeOfDay(snapshot.asOf, snapshot.timeZone),
      rows: toRows(snapshot, { history: this.history, nowMs, windowMin: this.windowMin, glyphs }),
      summary: `${snapshot.waiting} waiting, ${snapshot.admitPerSec.toFixed(1)}/s`,
    };
  }
}
