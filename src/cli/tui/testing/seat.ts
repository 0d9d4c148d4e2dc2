/** A live screen without a terminal, for tests: its clock and its stream are the test's. */
import type { QueueSnapshot } from '../../../contract/snapshot.ts';
import type { ResolvedContext } from '../../context.ts';
import { FakeApi } from '../../testing/fake-api.ts';
import { snapshotOf } from '../../testing/views.ts';
import { Feed } from '../../watch/feed.ts';
import { noLink } from '../../watch/link.ts';
import { asciiGlyphs, blockGlyphs } from '../glyphs.ts';
import type { MadeChange } from '../panels/panel.ts';
import { type Line, textOf } from '../text.ts';
import type { Viewer } from '../viewer.ts';
import { WatchScreen } from '../watch-screen.ts';

export const contextOf = (change: Partial<ResolvedContext> = {}): ResolvedContext => ({
  name: 'apne2-prod',
  server: 'https://admin.apne2.example',
  token: 'x',
  isProtected: true,
  requireReason: false,
  readOnly: false,
  kind: undefined,
  ...change,
});

/** Nothing runs by itself: the test hears, moves the clock and looks. */
export class Bench {
  readonly api = new FakeApi();
  readonly stop = new AbortController();
  nowMs = 100_000_000;
  viewer: Viewer = {
    user: 'as mina (operator)',
    version: 'server v2.3.1',
    canWrite: true,
    whyReadOnly: '',
    isAdmin: false,
  };
  badge = 'PROD';
  readonly made: MadeChange[] = [];
  readonly clock = { now: () => Date.parse('2026-11-21T05:03:21Z'), monotonic: () => this.nowMs };
  readonly feed: Feed;
  readonly screen: WatchScreen;

  constructor({
    isAscii = false,
    context = contextOf(),
  }: { isAscii?: boolean; context?: ResolvedContext } = {}) {
    const { signal } = this.stop;
    this.api.environment = 'production';
    this.feed = new Feed({ api: this.api, event: 'evt_x', clock: this.clock, signal, random: () => 0 });
    this.screen = new WatchScreen({
      feed: this.feed,
      api: this.api,
      clock: this.clock,
      glyphs: isAscii ? asciiGlyphs : blockGlyphs,
      badge: () => this.badge,
      context,
      contextFlag: ' -c apne2-prod',
      viewer: () => this.viewer,
      made: (change) => this.made.push(change),
    });
  }

  /** Takes a snapshot in, as the stream would. */
  async hear(change: Partial<QueueSnapshot> = {}): Promise<void> {
    this.feed.latest = snapshotOf(change);
    this.feed.latestAtMs = this.nowMs;
    this.feed.facts = {
      ...noLink,
      heardAtMs: this.nowMs,
      serverAgeSec: 0.04,
      isInStep: true,
      isConnected: true,
    };
    await this.screen.log.take(this.feed.latest);
    this.screen.look();
  }

  /** Presses keys, by name, and lets answers come. */
  async press(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      this.screen.press({ name, text: [...name].length === 1 ? name : '' });
      await settle();
    }
    this.screen.look();
  }

  /** Types text key by key. */
  async type(text: string): Promise<void> {
    await this.press(...text);
  }

  /** Lets time go by, with a look each 250 ms; the link goes on as it is. */
  async wait(ms: number): Promise<void> {
    for (let gone = 0; gone < ms; gone += 250) {
      this.nowMs += 250;
      this.feed.facts = { ...this.feed.facts, heardAtMs: this.nowMs };
      this.screen.look();
      await settle();
    }
  }

  /** The screen as rows of text. */
  rows(columns = 80, rows = 24): string[] {
    this.screen.resize({ columns, rows });
    this.screen.look();
    const { head, left, right, foot } = this.screen.getFrame();
    const flat = (blocks: readonly { lines: readonly Line[] }[]): string[] =>
      blocks.flatMap(({ lines }) => lines.map(textOf));
    const others = flat(right);
    return [
      ...head.map(textOf),
      ...flat(left).map((text, at) => text + (others[at] ?? '')),
      ...foot.map(textOf),
    ];
  }

  text(columns = 80, rows = 24): string {
    return this.rows(columns, rows).join('\n');
  }
}

/** Lets promises that are ready go on. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
