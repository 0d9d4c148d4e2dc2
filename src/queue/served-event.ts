/**
 * One event as this gateway process serves it: the replica and what is worked out from it. Everything a status needs
 * is taken from one journal position; the view is worked out anew when the journal moved or every few milliseconds.
 */
import { pollAfterJitter, pollAfterSecMax, pollAfterSecMin, pollAfterWaitShare } from '../contract/limits.ts';
import type { Notice, Phase, StatusReply } from '../contract/visitor-api.ts';
import { type AdmissionView, isReady } from './admission.ts';
import type { Asked } from './challenge.ts';
import { EtaModel } from './eta.ts';
import { brakedNotice, clampedNotice } from './eta-causes.ts';
import { etaInputs, isBraked } from './eta-inputs.ts';
import type { Clock } from './journal-servers.ts';
import type { EventSecret, Keyring } from './keyring.ts';
import type { EventFacts } from './line-types.ts';
import { Presence } from './presence.ts';
import { mayComeBack } from './recoveries.ts';
import type { Replica } from './replica.ts';
import { type EventSettings, isTimeZone, phaseAt, windowAt } from './settings.ts';
import { type EventRef, StaleEventError } from './store.ts';
import type { Followed, Tailer } from './tailer.ts';
import { ToldAnswers } from './told-answers.ts';
import type { WaitingToken } from './waiting-token.ts';

/** A view older than this is worked out anew, ms: it only ever says fewer tokens than there are. */
const viewMs = 20;

interface View extends AdmissionView {
  readonly n: number;
  readonly madeMs: number;
}

export class ServedEvent implements EventFacts {
  /** Which life of the event this is; another one under the same name is another event. */
  readonly life: string;
  readonly presence: Presence;
  readonly secret: EventSecret;
  readonly eta: EtaModel;
  readonly told = new ToldAnswers();
  private readonly followed: Followed;
  private readonly tailer: Tailer;
  private readonly clock: Clock;
  private cached: View | undefined;

  /** @throws Error when the key that the event was made with is not known here */
  constructor(options: { followed: Followed; tailer: Tailer; keyring: Keyring }) {
    this.followed = options.followed;
    this.tailer = options.tailer;
    this.clock = options.followed.clock;
    const { kid, life, baseMs, timeZone } = this.settings;
    const secret = options.keyring.eventSecret(kid, this.id, life);
    if (!secret)
      throw new Error(`event ${this.id} was made with the key ${kid}, which is not in WAITING_TOKEN_KEYS`);
    this.life = life;
    this.secret = secret;
    this.presence = new Presence(baseMs);
    this.eta = new EtaModel({ timeZone: isTimeZone(timeZone) ? timeZone : 'UTC' });
  }

  get id(): string {
    return this.followed.event;
  }

  get replica(): Replica {
    if (!this.followed.replica) throw new Error(`event ${this.id} is not loaded`);
    return this.followed.replica;
  }

  get settings(): EventSettings {
    return this.replica.settings;
  }

  /** @throws StaleEventError when another life has taken the event's place */
  get ref(): EventRef {
    if (this.settings.life !== this.life) throw new StaleEventError(this.id);
    const { incarnation, run } = this.settings;
    return { id: this.id, keys: this.followed.keys, incarnation, run };
  }

  get reporters(): number {
    return this.followed.reporters;
  }

  get isStale(): boolean {
    return this.tailer.isStale(this.followed);
  }

  /** What Redis lost is being given back, and nobody is let in. */
  get isRecovering(): boolean {
    const { recoverUntilMs } = this.settings;
    return recoverUntilMs > 0 && this.nowMs() < recoverUntilMs;
  }

  /** Whether Redis may have lost what it knew of this place, so that the token itself counts. */
  mayBeLost({ seq, epoch }: WaitingToken): boolean {
    const { recoveries } = this.settings;
    return recoveries.length > 0 && mayComeBack(recoveries, { seq, epoch }, this.nowMs());
  }

  /** Age of what the replica knows, ms. */
  get ageMs(): number {
    return Math.max(0, performance.now() - this.followed.freshAtMs);
  }

  /** Nobody is in this line: it may be swept and read at a slower pace. */
  get isIdle(): boolean {
    return this.replica.waiting.count === 0 && this.replica.away.size === 0;
  }

  /** Redis time now, ms. */
  nowMs(): number {
    return this.clock.nowMs();
  }

  phase(nowMs: number): Phase {
    return phaseAt(this.settings, nowMs);
  }

  /** The proof of work that a join needs. */
  challenge(nowMs: number): Asked {
    return { secret: this.secret, bits: this.settings.challengeBits, nowMs };
  }

  /** When it opens, Redis ms; 0 once it is open, or where no time is set. */
  opensAtMs(nowMs: number): number {
    const { phase, opensAtMs } = this.settings;
    return (phase === 'scheduled' || phase === 'prequeue') && opensAtMs > nowMs ? opensAtMs : 0;
  }

  /** The admission rules' view now, rounded down by the clock's uncertainty; also brings the ETA up to date. */
  view(nowMs: number): View {
    const { replica, cached } = this;
    if (cached && cached.n === replica.n && Math.abs(nowMs - cached.madeMs) < viewMs) return cached;
    const { settings } = replica;
    const earliestUs = this.clock.nowUs() - Math.ceil(this.clock.uncertaintyUs());
    const view: View = {
      n: replica.n,
      madeMs: nowMs,
      phase: phaseAt(settings, earliestUs / 1000),
      paused: settings.paused,
      window: windowAt(settings, nowMs),
      tiers: settings.tiers,
      // A few micro-tokens less than reckoned: scripts that settle in between round down each time.
      tokensMicro: replica.tokensAt(earliestUs) - 100,
    };
    this.cached = view;
    this.eta.refresh(etaInputs(replica, nowMs, view.tokensMicro));
    return view;
  }

  expireSec(position: number): number {
    const { settings } = this;
    const isNear = position <= 2 * windowAt(settings, this.nowMs());
    return (isNear ? settings.expireNearMs : settings.expireFarMs) / 1000;
  }

  admittedLastMin(): number {
    return this.replica.flow.sum('entered', this.nowMs(), 60);
  }

  medianWaitSec(): number {
    const { count } = this.replica.waiting;
    if (count === 0) return 0;
    const nowMs = this.nowMs();
    this.view(nowMs);
    return this.eta.at(Math.ceil(count / 2), nowMs).etaSec;
  }

  /** Whether an enter of this place would be granted now. */
  ready(joinedMs: number, position: number, nowMs: number): boolean {
    const waitedMs = nowMs - joinedMs - this.clock.uncertaintyUs() / 1000;
    // While places are given back, somebody may come in front at any moment.
    return (
      !this.isStale &&
      !this.isRecovering &&
      this.settings.job?.kind !== 'restore' &&
      isReady(this.view(nowMs), position, waitedMs)
    );
  }

  /** The status of a place from memory alone. Undefined for a place that this line never gave. */
  status(token: WaitingToken): StatusReply | undefined {
    return this.statusOf(token.seq, token.joinedMs, this.mayBeLost(token));
  }

  /** Why a place's estimate is what it is. The brake's reason stands for every other of a slower rate. */
  private notices(
    place: { position: number; joinedMs: number; etaSec: number },
    nowMs: number,
  ): readonly Notice[] {
    const notices = this.eta.noticesFor(place, nowMs);
    if (!isBraked(this.settings, nowMs)) return notices;
    return [brakedNotice, ...notices.filter(({ code }) => code !== brakedNotice.code)];
  }

  /** As `status`, for a place whose token is not at hand. */
  statusOf(seq: number, joinedMs: number, mayBeLost = false): StatusReply | undefined {
    const nowMs = this.clock.nowMs();
    const state = this.replica.state(seq);
    const isLost = state === 'unknown';
    if (isLost && !mayBeLost) return undefined;
    const view = this.view(nowMs);
    const { settings } = this;
    const stale = this.isStale || this.isRecovering || isLost;
    const opensAtMs = this.opensAtMs(nowMs);
    const asOfMs = stale ? nowMs - this.ageMs : nowMs;
    const common = {
      waiting_time: Math.max(0, Math.floor((nowMs - joinedMs) / 1000)),
      phase: view.phase,
      paused: settings.paused,
      as_of: new Date(asOfMs).toISOString(),
      ...(opensAtMs > 0 ? { opens_at: new Date(opensAtMs).toISOString() } : {}),
      ...(hasMessage(settings, nowMs) ? { message: settings.message } : {}),
      ...(stale ? { stale } : {}),
    };
    const inLine = isLost || state === 'waiting' || state === 'away' || state === 'ahead';
    if (!inLine || view.phase === 'closed') {
      const untilMs = state === 'expired' ? this.replica.restorableUntil(seq) : 0;
      const restorable = untilMs > nowMs ? { restorable_until: new Date(untilMs).toISOString() } : {};
      return { ...ended(inLine ? 'expired' : state), ...common, ...restorable };
    }
    const position = this.replica.position(seq);
    const ready = state !== 'ahead' && !isLost && this.ready(joinedMs, position, nowMs);
    const eta = this.eta.at(position, nowMs);
    // Who may not enter is never told that there is no wait: a place of the front tiers waits a moment too.
    const etaSec = ready ? 0 : Math.max(1, eta.etaSec);
    const isCut = eta.clamped && !ready;
    const notices = ready ? [] : this.notices({ position, joinedMs, etaSec }, nowMs);
    return {
      status: ready ? 'ready' : 'waiting',
      position,
      eta_sec: etaSec,
      eta_low_sec: ready ? 0 : eta.lowSec,
      eta_high_sec: ready ? 0 : Math.max(etaSec, eta.highSec),
      confidence: eta.confidence,
      ready_for_entry: ready,
      poll_after_sec: pollAfterSec(etaSec),
      ...common,
      ...(notices.length > 0 || isCut ? { notices: isCut ? [...notices, clampedNotice] : [...notices] } : {}),
    };
  }
}

const hasMessage = ({ message, messageUntilMs }: EventSettings, nowMs: number): boolean =>
  message !== '' && (messageUntilMs === 0 || nowMs < messageUntilMs);

function ended(status: 'entered' | 'left' | 'expired') {
  return {
    status,
    position: 0,
    eta_sec: 0,
    eta_low_sec: 0,
    eta_high_sec: 0,
    confidence: 1,
    ready_for_entry: false,
    poll_after_sec: pollAfterSecMax,
  } as const;
}

/** When to ask again, s: an eighth of the expected wait, 2 to 30, ± 20 % so that crowds spread out. */
export function pollAfterSec(waitSec: number, random: () => number = Math.random): number {
  const middle = Math.min(pollAfterSecMax, Math.max(pollAfterSecMin, waitSec / pollAfterWaitShare));
  return Math.round(middle * (1 - pollAfterJitter + 2 * pollAfterJitter * random()) * 10) / 10;
}
