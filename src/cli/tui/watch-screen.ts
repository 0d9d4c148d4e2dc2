/** The live screen of one queue: what is on it, and what each key does. No terminal, no React. */
import type { QueueSnapshot } from '../../contract/snapshot.ts';
import { ChangeLog } from '../watch/changes.ts';
import { isOld, type Link, linkAt } from '../watch/link.ts';
import { zoneTime } from '../watch/zone-time.ts';
import { actionOf, type KeyRights, unboundText } from './controls.ts';
import { Cursors, type Move, type Selection } from './cursors.ts';
import { type Deeds, deedOf, findPrompt, findText } from './deeds.ts';
import { type Frame, frameOf, panelSize, tableRows } from './frame.ts';
import { History, sampleOf, type WindowMin, windowsMin } from './history.ts';
import type { Press } from './keys.ts';
import { layoutOf } from './layout.ts';
import { linkText } from './link-text.ts';
import { ChangeModal } from './modal/change-modal.ts';
import { commandOf } from './modal/specs.ts';
import type { Panel, Seat } from './panels/panel.ts';
import { PositionReader } from './position-reader.ts';
import { ScreenBase, type Wish } from './screen-base.ts';
import { missingPart } from './table.ts';
import { heldView, type PaneName, type View } from './view.ts';
import { skewText, type WatchScreenOptions } from './viewer.ts';

export class WatchScreen extends ScreenBase implements Deeds {
  panel: Panel | undefined;
  readonly seat: Seat;
  /** What is being typed to be found; undefined = nothing. */
  finding: string | undefined;
  private readonly options: WatchScreenOptions;
  private readonly history = new History();
  /** Changes seen, for panes and tests. */
  readonly log: ChangeLog;
  private readonly reader = new PositionReader();
  private unsubscribe: (() => void) | undefined;
  private windowMin: WindowMin | undefined;
  private frozen: { view: View; atMs: number } | undefined;
  private readonly cursors = new Cursors();
  private sampleDueMs = 0;
  private lastChange: string | undefined;

  constructor(options: WatchScreenOptions) {
    super({ frameMs: options.frameMs ?? 250, glyphs: options.glyphs });
    this.options = options;
    const { feed, api, clock, context, contextFlag, glyphs, badge } = options;
    this.log = new ChangeLog({ event: feed.event, api });
    this.seat = {
      api,
      event: feed.event,
      context,
      contextFlag,
      glyphs,
      badge,
      nowMs: () => clock.monotonic(),
      serverNowMs: () => this.serverNowMs(),
      link: () => this.link(),
      snapshot: () => feed.snapshot,
      changes: () => this.log.entries,
      isAdmin: () => options.viewer().isAdmin,
      changed: () => this.publish(),
      made: (change) => options.made(change),
    };
  }

  override start(): void {
    super.start();
    this.unsubscribe = this.options.feed.onChange(({ snapshot }) => {
      if (snapshot !== undefined) void this.log.take(snapshot);
    });
  }

  override stop(): void {
    this.unsubscribe?.();
    super.stop();
  }

  press(press: Press): Wish | undefined {
    const wish = this.pressed(press);
    this.look();
    return wish;
  }

  get isTyping(): boolean {
    return this.panel === undefined ? this.finding !== undefined : this.panel.isTyping === true;
  }

  paste(text: string): void {
    if (this.finding !== undefined) this.finding = findText(this.finding + text.replace(/\p{Cc}+/gu, ' '));
    else this.panel?.paste?.(text);
    this.publish();
  }

  look(): void {
    const { feed, clock, api } = this.options;
    const nowMs = clock.monotonic();
    const { snapshot } = feed;
    if (snapshot !== undefined) {
      if (nowMs >= this.sampleDueMs && this.link().word === 'live') {
        this.sampleDueMs = Math.floor(nowMs / 1000) * 1000 + 1000;
        this.history.record(nowMs, sampleOf(snapshot), snapshot.paused);
      }
      this.cursors.hold(snapshot, this.tableHeight());
      const { table } = this.cursors;
      const part = this.panel === undefined ? missingPart(snapshot, table, this.tableHeight()) : undefined;
      const done = (): void => this.publish();
      this.reader.want(part, { api, event: feed.event, nowMs: () => clock.monotonic(), done });
    }
    this.panel?.tick?.();
    this.publish();
  }

  rights(): KeyRights {
    return { canWrite: this.options.viewer().canWrite, isSignedOut: this.link().word === 'auth' };
  }

  whyReadOnly(): string {
    return this.options.viewer().whyReadOnly;
  }

  snapshot(): QueueSnapshot | undefined {
    return this.frozen?.view.snapshot ?? this.options.feed.snapshot;
  }

  move(to: Move): void {
    const snapshot = this.snapshot();
    if (snapshot === undefined) return;
    this.cursors.move(to, { snapshot, changes: this.log.entries.length, page: this.tableHeight() });
  }

  /** Puts the cursor on a position, from 1. */
  jump(position: number): void {
    this.cursors.focus = 'positions';
    this.move(() => position - 1);
  }

  focusOn(name: PaneName): void {
    this.cursors.focus = name;
  }

  selection(): Selection {
    return this.cursors.selection(this.snapshot(), this.reader.page);
  }

  nextPane(): void {
    this.cursors.nextPane();
  }

  nextWindow(): void {
    const at = windowsMin.indexOf(this.windowShown());
    this.windowMin = windowsMin[(at + 1) % windowsMin.length] ?? 1;
  }

  freeze(): void {
    const view = this.view();
    const held = this.frozen === undefined && view !== undefined;
    this.frozen = held
      ? { view: { ...view, history: view.history.copy() }, atMs: this.options.clock.monotonic() }
      : undefined;
  }

  resync(): void {
    this.options.feed.resync();
  }

  /** Commands that do what this screen, and the last form on it, do. */
  commands(): { screen: string; change: string | undefined } {
    const { feed, contextFlag, viewer } = this.options;
    const write = viewer().canWrite ? ' --write' : '';
    return { screen: `tacos queue watch ${feed.event}${contextFlag}${write}`, change: this.lastChange };
  }

  private pressed(press: Press): Wish | undefined {
    this.said = undefined;
    if (press.name === 'ctrl-c') return { kind: 'interrupt' };
    if (press.name === 'ctrl-z') return { kind: 'suspend' };
    if (press.name === 'ctrl-l') return { kind: 'redraw' };
    const { panel } = this;
    if (panel !== undefined) {
      const answer = panel.press(press);
      if (panel instanceof ChangeModal) this.noteCommand(panel);
      // An event that was chosen may have put another screen in place.
      if (answer === 'close' && this.panel === panel) this.panel = undefined;
      return answer === 'pass' && press.name === 'q' ? { kind: 'quit' } : this.takeWish();
    }
    if (this.finding !== undefined) return this.typeFind(press);
    const action = actionOf(press.name, this.rights());
    if (action === undefined) this.said = unboundText(press.name, this.options.viewer());
    return action === undefined ? undefined : deedOf(action, this, press.name);
  }

  private wish: Wish | undefined;
  /** In the place of the footer until the next press. */
  private said: string | undefined;

  /** What a panel wants of whoever holds the screen. */
  wants(wish: Wish): void {
    this.wish = wish;
  }

  private takeWish(): Wish | undefined {
    const { wish } = this;
    this.wish = undefined;
    return wish;
  }

  private noteCommand(modal: ChangeModal): void {
    const action = modal.action();
    if (action === undefined) return;
    const { feed, contextFlag } = this.options;
    this.lastChange = commandOf(action, { event: feed.event, reason: modal.reason(), contextFlag });
  }

  private typeFind({ name, text }: Press): Wish | undefined {
    const typed = this.finding ?? '';
    if (name === 'escape') this.finding = undefined;
    else if (name === 'backspace') this.finding = typed === '' ? undefined : typed.slice(0, -1);
    else if (name === 'return') {
      this.finding = undefined;
      return deedOf('find', this, typed);
    } else if (text !== '') this.finding = findText(typed + text);
    return undefined;
  }

  private tableHeight(): number {
    const snapshot = this.snapshot();
    if (snapshot === undefined) return 1;
    return tableRows({ snapshot, changes: this.log.entries }, this.size);
  }

  private windowShown(): WindowMin {
    return this.windowMin ?? (layoutOf(this.size).kind === 'B' ? 15 : 1);
  }

  private link(): Link {
    return linkAt(this.options.feed.facts, this.options.clock.monotonic());
  }

  private serverNowMs(): number {
    const { feed, clock } = this.options;
    const { snapshot } = feed;
    if (snapshot === undefined) return clock.now();
    const now = Date.parse(snapshot.asOf) + clock.monotonic() - feed.latestAtMs;
    return Math.floor(now / 1000) * 1000;
  }

  private view(): View | undefined {
    const { feed, clock, glyphs, viewer } = this.options;
    const { snapshot } = feed;
    if (snapshot === undefined) return undefined;
    return {
      snapshot,
      history: this.history,
      nowMs: clock.monotonic(),
      serverNowMs: this.serverNowMs(),
      windowMin: this.windowShown(),
      glyphs,
      canWrite: viewer().canWrite,
      changes: this.log.entries,
      ...this.cursors.view(this.reader.page),
    };
  }

  protected compose(): Frame {
    const { feed, glyphs, badge, context, viewer, clock } = this.options;
    const { snapshot } = feed;
    const link = this.link();
    const now = this.view();
    const { frozen, panel } = this;
    const view = heldView(frozen?.view, now);
    const connecting = { text: `${glyphs.dot} CONNECTING`, tone: 'warn' } as const;
    const frozenSec = frozen === undefined ? 0 : Math.floor((clock.monotonic() - frozen.atMs) / 1000);
    const { user, version, canWrite } = viewer();
    return frameOf({
      size: this.size,
      glyphs,
      view,
      rights: this.rights(),
      isOld: isOld(link),
      header: {
        badge: badge(),
        place: `${context.name} / ${feed.event}`,
        name: snapshot?.name ?? '',
        server: context.server.replace(/^https?:\/\//, ''),
        user,
        canWrite,
        link: snapshot === undefined ? connecting : linkText(link, glyphs.dot),
        version,
        time: view === undefined ? '' : zoneTime(view.snapshot.asOf, view.snapshot.timeZone),
        frozen: frozen === undefined ? '' : `FROZEN ${frozenSec}s`,
        skew: skewText(this.options.api.clockSkewSec),
      },
      panel: panel && { lines: panel.lines(panelSize(this.size)), footer: panel.footer },
      prompt: this.finding === undefined ? this.said : findPrompt(this.finding),
      summary:
        snapshot === undefined
          ? 'connecting'
          : `${snapshot.waiting} waiting, ${snapshot.admitPerSec.toFixed(1)}/s`,
    });
  }
}
