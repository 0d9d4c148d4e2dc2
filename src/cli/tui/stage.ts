/** Which screen is in place: all queues, or one; and what outlives each of them. */
import type { AdminApi } from '../admin-api.ts';
import type { ResolvedContext } from '../context.ts';
import { contextLine } from '../mutation.ts';
import type { Clock } from '../runtime.ts';
import { Feed, OverviewFeed } from '../watch/feed.ts';
import type { Frame } from './frame.ts';
import type { Glyphs } from './glyphs.ts';
import { OverviewScreen } from './overview-screen.ts';
import { notePanel } from './panels/note.ts';
import type { MadeChange, Panel } from './panels/panel.ts';
import type { ScreenBase, Wish } from './screen-base.ts';
import type { Size } from './text.ts';
import type { Viewer } from './viewer.ts';
import { WatchScreen } from './watch-screen.ts';

export interface StageOptions {
  /** Leads to the client of the moment: another one after signing in again. */
  readonly api: AdminApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly glyphs: Glyphs;
  readonly badge: () => string;
  readonly context: ResolvedContext;
  readonly contextFlag: string;
  /** --write was given. */
  readonly write: boolean;
  readonly frameMs: number;
  /** undefined = all queues. */
  readonly event: string | undefined;
  /** A feed of that event which is there already. */
  readonly feed?: Feed;
  /** Told when the first connection fails. */
  readonly onFail: (error: unknown) => void;
}

interface Place {
  readonly event: string | undefined;
  readonly screen: ScreenBase & { panel: Panel | undefined };
  readonly feed: Feed | OverviewFeed;
  readonly ended: AbortController;
}

export class Stage {
  /** Changes made here, oldest first. */
  readonly made: MadeChange[] = [];
  private readonly options: StageOptions;
  private viewer: Viewer = { user: '', version: '', canWrite: false, whyReadOnly: '', isAdmin: false };
  private place: Place;
  private size: Size = { columns: 80, rows: 24 };
  private readonly listeners = new Set<() => void>();
  private unlisten: () => void = () => {};

  constructor(options: StageOptions) {
    this.options = options;
    this.place = this.build(options.event, options.feed);
    this.listen();
  }

  get screen(): ScreenBase {
    return this.place.screen;
  }

  /** Connects. */
  start(): void {
    this.run(this.place, this.options.onFail);
    void this.meet();
  }

  stop(): void {
    this.unlisten();
    this.place.screen.stop();
    this.place.ended.abort();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getFrame = (): Frame => this.place.screen.getFrame();

  resize(size: Size): void {
    this.size = size;
    this.place.screen.resize(size);
  }

  /** Goes where a screen wants to. */
  grant(wish: Wish): void {
    if (wish.kind === 'event') this.go(wish.event);
    else if (wish.kind === 'back' && this.options.event === undefined && this.place.event !== undefined) {
      this.go(undefined);
    }
  }

  /** Another client is in place: who it is, and what it hears. */
  signedIn(): void {
    void this.meet();
    this.place.feed.resync();
  }

  /** What stays on the main screen afterwards: the last values, and a line for each change made here. */
  lastWords(): string {
    const { badge, context } = this.options;
    const { feed, event } = this.place;
    const made = this.made
      .map(({ auditId, summary }) => `   changed: ${summary}   audit ${auditId}\n`)
      .join('');
    if (feed instanceof OverviewFeed) {
      if (feed.latest === undefined) return made;
      const waiting = feed.latest.events.reduce((sum, item) => sum + item.waiting, 0);
      return `${contextLine(badge(), context.name, 'all events')}  ${feed.latest.events.length} events  waiting ${waiting}\n${made}`;
    }
    return `${eventWords(feed, contextLine(badge(), context.name, event ?? ''))}${made}`;
  }

  private go(event: string | undefined): void {
    const before = this.place.event;
    if (event === before) return;
    this.place.screen.stop();
    this.place.ended.abort();
    this.place = this.build(event);
    this.listen();
    this.place.screen.resize(this.size);
    this.run(this.place, (error) => this.failedToGo(before, error));
    for (const listener of this.listeners) listener();
  }

  /** Back to where it worked, with the reason. */
  private failedToGo(before: string | undefined, error: unknown): void {
    this.go(before);
    this.place.screen.panel = notePanel('EVENT', error instanceof Error ? error.message : String(error));
    this.place.screen.look();
  }

  private listen(): void {
    this.unlisten();
    this.unlisten = this.place.screen.subscribe(() => {
      for (const listener of this.listeners) listener();
    });
  }

  private run({ screen, feed, ended }: Place, onFail: (error: unknown) => void): void {
    screen.start();
    feed.run().catch((error: unknown) => {
      if (!ended.signal.aborted) onFail(error);
    });
  }

  private build(event: string | undefined, feed?: Feed): Place {
    const { api, clock, random, signal, write, badge, glyphs, context, contextFlag, frameMs } = this.options;
    const ended = new AbortController();
    const common = { api, clock, random, signal: AbortSignal.any([signal, ended.signal]) };
    const shown = { api, clock, glyphs, badge, context, contextFlag, frameMs, viewer: () => this.viewer };
    if (event === undefined) {
      const all = new OverviewFeed(common);
      return { event, feed: all, ended, screen: new OverviewScreen({ ...shown, feed: all }) };
    }
    const one = feed ?? new Feed({ ...common, event, write: write && !context.readOnly });
    const made = (change: MadeChange): void => void this.made.push(change);
    return { event, feed: one, ended, screen: new WatchScreen({ ...shown, feed: one, made }) };
  }

  /** Learns who we are and what the server is; neither is needed to watch. */
  private async meet(): Promise<void> {
    const { api, write, context } = this.options;
    const [me, server] = await Promise.allSettled([api.whoami(), api.version()]);
    const who = me.status === 'fulfilled' ? me.value.item : undefined;
    const role = who?.role ?? 'viewer';
    this.viewer = {
      user: who === undefined ? '' : `as ${shortName(who.name)} (${role})`,
      version: server.status === 'fulfilled' ? `server v${server.value.version.replace(/^v/, '')}` : '',
      whyReadOnly: readOnlyReason(who?.role, context),
      canWrite: write && role !== 'viewer' && !context.readOnly,
      isAdmin: role === 'admin',
    };
    this.place.screen.look();
  }
}

/** `mina@` of an address: enough to know oneself. */
const shortName = (name: string): string => name.replace(/@.*$/s, '@');

function eventWords({ snapshot, facts }: Feed, head: string): string {
  if (snapshot === undefined) return '';
  const { waiting, admittedTotal, admitPerSec } = snapshot;
  const gone = facts.end === 'gone' ? '  (gone)' : '';
  return `${head}  waiting ${waiting}  admitted ${admittedTotal}  ${admitPerSec.toFixed(1)}/s${gone}\n`;
}

/** Why --write would not help; '' = it would. */
function readOnlyReason(role: string | undefined, { name, readOnly }: ResolvedContext): string {
  if (readOnly) return `so is the context "${name}"`;
  return role === 'viewer' ? 'your role is viewer, which changes nothing' : '';
}
