/** All queues on one screen: a row each, the shared budget on top; Enter goes into one. */
import type { Overview } from '../../contract/snapshot.ts';
import type { AdminApi } from '../admin-api.ts';
import type { ResolvedContext } from '../context.ts';
import { formatDuration } from '../duration.ts';
import { count, plain, rate, tokens } from '../output/format.ts';
import type { Clock } from '../runtime.ts';
import type { OverviewFeed } from '../watch/feed.ts';
import { stateOf } from '../watch/line-row.ts';
import { isOld, linkAt } from '../watch/link.ts';
import { zoneTime } from '../watch/zone-time.ts';
import { boundControls, type KeyAction } from './controls.ts';
import { cpuTone, etaText, percent } from './figures.ts';
import { type Frame, panelSize, smallFrame } from './frame.ts';
import type { Glyphs } from './glyphs.ts';
import { headerLine } from './header.ts';
import type { Press } from './keys.ts';
import { layoutOf } from './layout.ts';
import { linkText } from './link-text.ts';
import { helpPanel, type KeyHelp } from './panels/help.ts';
import { moved, offsetOf } from './panels/list.ts';
import { notePanel } from './panels/note.ts';
import type { Panel } from './panels/panel.ts';
import { ScreenBase, type Wish } from './screen-base.ts';
import { cell, type Line, line, part } from './text.ts';
import { skewText, type Viewer } from './viewer.ts';

export interface OverviewScreenOptions {
  readonly feed: OverviewFeed;
  readonly api: AdminApi;
  readonly clock: Clock;
  readonly glyphs: Glyphs;
  readonly badge: () => string;
  readonly context: ResolvedContext;
  readonly contextFlag: string;
  readonly viewer: () => Viewer;
  readonly frameMs?: number;
}

type Item = Overview['events'][number];

const footer = ' j/k move  Enter watch  r resync  C command  ? help  q quit';
const signedOutFooter = ' a sign in  j/k move  ? help  q quit';

/** Keys of one queue's screen that mean the same, or nearly, here. */
const actions: ReadonlySet<KeyAction> = new Set([
  ...([
    'down',
    'up',
    'first',
    'last',
    'page-down',
    'page-up',
    'open',
    'resync',
    'command',
    'sign-in',
  ] as const),
  ...(['help', 'quit', 'interrupt', 'suspend', 'redraw'] as const),
]);
const otherHelp: Partial<Record<KeyAction, string>> = {
  open: 'watch the event at the cursor',
  quit: 'leave; the queues run on',
};
const keysOf = (isSignedOut: boolean): KeyHelp[] =>
  boundControls({ canWrite: false, isSignedOut })
    .filter(({ action }) => actions.has(action))
    .map(({ key, help, action }) => ({ key, help: otherHelp[action] ?? help }));
const notes = [' ~ before a wait: a rough guess.  BUDGET: all refills together.'];

export class OverviewScreen extends ScreenBase {
  panel: Panel | undefined;
  private readonly options: OverviewScreenOptions;
  private at = 0;

  constructor(options: OverviewScreenOptions) {
    super({ frameMs: options.frameMs ?? 250, glyphs: options.glyphs });
    this.options = options;
  }

  press(press: Press): Wish | undefined {
    const wish = this.pressed(press);
    this.publish();
    return wish;
  }

  readonly isTyping = false;

  paste(): void {}

  look(): void {
    this.publish();
  }

  private pressed(press: Press): Wish | undefined {
    if (press.name === 'ctrl-c') return { kind: 'interrupt' };
    if (press.name === 'ctrl-z') return { kind: 'suspend' };
    if (press.name === 'ctrl-l') return { kind: 'redraw' };
    if (this.panel !== undefined) {
      if (this.panel.press(press) === 'close') this.panel = undefined;
      else if (press.name === 'q') return { kind: 'quit' };
      return undefined;
    }
    const items = this.options.feed.latest?.events ?? [];
    const next = moved(press, { at: this.at, length: items.length, page: this.rows() });
    if (next !== undefined) this.at = next;
    else if (press.name === 'q') return { kind: 'quit' };
    else if (press.name === 'a' && this.isSignedOut()) return { kind: 'sign-in' };
    else if (press.name === 'r') this.options.feed.resync();
    else if (press.name === '?')
      this.panel = helpPanel(
        () => keysOf(this.isSignedOut()),
        () => notes,
      );
    else if (press.name === 'C') {
      this.panel = notePanel('COMMAND', `tacos queue watch --all${this.options.contextFlag}`);
    } else if (press.name === 'return') {
      const chosen = items[this.at];
      if (chosen !== undefined) return { kind: 'event', event: chosen.event };
    }
    return undefined;
  }

  private isSignedOut(): boolean {
    return this.options.feed.facts.end === 'auth';
  }

  private rows(): number {
    return Math.max(1, this.size.rows - 8);
  }

  protected compose(): Frame {
    const { feed, clock, glyphs, badge, context, viewer, api } = this.options;
    const { columns } = this.size;
    const overview = feed.latest;
    const { kind } = layoutOf(this.size);
    if (kind === 'small') return this.small(overview);
    const link = linkAt(feed.facts, clock.monotonic());
    const connecting = { text: `${glyphs.dot} CONNECTING`, tone: 'warn' } as const;
    const { user, version, canWrite } = viewer();
    const header = headerLine(
      {
        badge: badge(),
        place: `${context.name} / all events`,
        name: '',
        server: context.server.replace(/^https?:\/\//, ''),
        user,
        canWrite,
        link: overview === undefined ? connecting : linkText(link, glyphs.dot),
        version,
        time: overview === undefined ? '' : zoneTime(overview.asOf, undefined),
        frozen: '',
        skew: skewText(api.clockSkewSec),
      },
      columns,
    );
    const body = this.panel?.lines(panelSize(this.size)) ?? this.body(overview);
    return {
      size: this.size,
      head: [header, line((kind === 'B' ? glyphs.doubleRule : glyphs.rule).repeat(columns), 'dim')],
      left: [{ id: 'overview', lines: body.slice(0, Math.max(0, this.size.rows - 5)) }],
      right: [],
      leftColumns: columns,
      foot: [
        line(glyphs.rule.repeat(columns), 'dim'),
        line(
          this.panel === undefined
            ? this.isSignedOut()
              ? signedOutFooter
              : footer
            : ` ${this.panel.footer}`,
        ),
      ],
      isDim: isOld(link),
    };
  }

  private small(overview: Overview | undefined): Frame {
    const events = overview === undefined ? 'connecting' : `${overview.events.length} events`;
    return smallFrame(` ${this.options.badge()}  ${events}`, this.size);
  }

  private body(overview: Overview | undefined): Line[] {
    if (overview === undefined) return [line(' BUDGET    -', 'dim')];
    const { events } = overview;
    this.at = Math.min(this.at, Math.max(0, events.length - 1));
    const idWidth = Math.max(12, Math.min(40, this.size.columns - 68));
    const offset = offsetOf({ at: this.at, rows: this.rows(), length: events.length });
    const shown = events.slice(offset, offset + this.rows());
    return [
      budgetLine(overview),
      line(''),
      line(headOf(idWidth), 'dim'),
      ...shown.map((item, at) => itemLine(item, { idWidth, isHere: offset + at === this.at })),
    ];
  }
}

function budgetLine({ budget, redis, events }: Overview): Line {
  const { usedPerSec, perSec } = budget;
  const waiting = events.reduce((sum, item) => sum + item.waiting, 0);
  const used =
    perSec === null ? `${plain(usedPerSec)}/s, no limit` : `${plain(usedPerSec)} of ${plain(perSec)}/s`;
  return [
    part(' BUDGET    ', 'bold'),
    part(used, perSec !== null && usedPerSec > perSec ? 'bad' : 'plain'),
    part(`   ${events.length} events   ${count(waiting)} waiting   `),
    part(`redis cpu ${percent(redis.cpuPercent, 0)}`, cpuTone(redis.cpuPercent)),
  ];
}

/** Numbers to the right, texts to the left, heads likewise. */
const headOf = (idWidth: number): string =>
  `   ${'EVENT'.padEnd(idWidth)}  ${'STATE'.padEnd(9)}${'WAITING'.padStart(10)}${'ADMIT/S'.padStart(9)}` +
  `${'REFILL'.padStart(8)}${'TOKENS'.padStart(11)}${'ETA'.padStart(8)}  ALARM`;

function itemLine(item: Item, { idWidth, isHere }: { idWidth: number; isHere: boolean }): Line {
  const state = stateOf(item);
  const level = `${tokens(item.tokens)}/${tokens(item.capacity)}`;
  const eta =
    item.waiting === 0
      ? { text: formatDuration(0), tone: 'plain' as const }
      : etaText(item.etaTailSec, item.confidence);
  const figures =
    count(item.waiting).padStart(10) +
    rate(item.admitPerSec).padStart(9) +
    rate(item.refillPerSec).padStart(8) +
    level.padStart(11);
  return [
    part(` ${isHere ? '>' : ' '} ${cell(item.event, idWidth)}  `, isHere ? 'mark' : 'plain'),
    part(state.padEnd(9), state === 'open' ? 'good' : 'warn'),
    part(figures),
    part(eta.text.padStart(8), eta.tone),
    part(item.alarm === null ? '' : `  ${item.alarm}`, item.alarm === 'crit' ? 'bad' : 'warn'),
  ];
}
