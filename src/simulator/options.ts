import { burstMin, eventIdPattern } from '../contract/limits.ts';

/** When visitors come: all at once, or as a Poisson process of `perSec` arrivals a second. */
export type Arrivals = { readonly kind: 'burst' } | { readonly kind: 'poisson'; readonly perSec: number };

/** When a no-show vanishes: right after the join, once told ready, or either with equal chance. */
export const noShowMoments = ['join', 'ready', 'either'] as const;
export type NoShowMoment = (typeof noShowMoments)[number];

/** What a crowd does. Shares are of all visitors, 0 to 1. */
export interface CrowdSettings {
  /** Origins of gateways, http: or grpc:, loopback only; a visitor goes to the next one after a connection error. */
  readonly gateways: readonly string[];
  readonly event: string;
  /** Visitors that come by `arrivals`. Default 1000. */
  readonly visitors: number;
  /** Default burst. */
  readonly arrivals: Arrivals;
  /** Visitors to keep in the line after that: a new one comes for each one that ends. Default 0: off. */
  readonly keep: number;
  /** Share that joins and disappears. Default 0. */
  readonly noShow: number;
  /** Default either. */
  readonly noShowAt: NoShowMoment;
  /** Share that goes on polling and never enters. Default 0. */
  readonly neverEnter: number;
  /** Share that leaves, unless ready before. Default 0. */
  readonly leave: number;
  /** Longest patience of those, ms; uniform from 0. Default 60,000. */
  readonly leaveWithinMs: number;
  /** Share whose join races itself. Default 0. */
  readonly doubleClick: number;
  /** Copies of such a join. Default 2. */
  readonly joinCopies: number;
  /** Copies of every enter, racing. Default 1. */
  readonly enterCopies: number;
  /** Share of those who enter that buys one or two seats. Default 0: their story ends with the enter. */
  readonly buy: number;
  /** Origins for reservations and payment, http: only. Default: `gateways`; needed where those speak gRPC. */
  readonly buyGateways: readonly string[];
  /** Share of the buyers that reserves and never pays. Default 0. */
  readonly neverPay: number;
  /** Share of the buyers whose payment is declined. Default 0. */
  readonly payFail: number;
  /** Share of the buyers whose payment takes long: scenario delay. Default 0. */
  readonly paySlow: number;
  /** Share of a buyer's requests that are sent in 2 or 5 racing copies, and once more when answered. Default 0. */
  readonly repeat: number;
  /** Share that joins with a bearer token, as the subject that enters later; others join by key. Default 0. */
  readonly signedIn: number;
  /** Longest pause between ready and enter, ms; uniform from 0. Default 1000. */
  readonly thinkMaxMs: number;
  /** Default 1. */
  readonly seed: number;
  /**
   * Tells the visitors of one run from those of another, in their ids and Idempotency-Keys; letters, digits
   * and dashes. Default: from the clock, as a subject is admitted to an event only once.
   */
  readonly runId: string;
  /** The run ends by then, ms. Default: no end but that of the last visitor. */
  readonly forMs: number;
  /** At the end everybody whose place has not ended leaves, also who had disappeared: the line is left empty. Default false. */
  readonly leaveAtEnd: boolean;
  /** Sockets per gateway, one request at a time on each. Default 128. */
  readonly connections: number;
  /** A request gets its answer within this, ms, or counts as a connection error. Default 10,000. */
  readonly requestMs: number;
  /** A visitor whose requests fail for so long gives up, ms. Default 600,000. */
  readonly giveUpAfterMs: number;
  /** Places by which a later visitor may overtake an earlier one: the event's window. Default 100. */
  readonly windowPlaces: number;
  /** Pace of `onProgress`, ms. Default 1000. */
  readonly progressMs: number;
}

/** CrowdSettings of which only the gateway and the event must be given. */
export interface CrowdOptions extends Partial<Omit<CrowdSettings, 'gateways' | 'buyGateways'>> {
  readonly gateway: string | readonly string[];
  readonly buyGateway?: string | readonly string[];
  readonly event: string;
}

/** A crowd that cannot be run as asked; the message says why, for a person. */
export class CrowdOptionsError extends Error {
  override readonly name = 'CrowdOptionsError';
}

const defaults = {
  visitors: 1000,
  arrivals: { kind: 'burst' },
  keep: 0,
  noShow: 0,
  noShowAt: 'either',
  neverEnter: 0,
  leave: 0,
  leaveWithinMs: 60_000,
  doubleClick: 0,
  joinCopies: 2,
  enterCopies: 1,
  buy: 0,
  neverPay: 0,
  payFail: 0,
  paySlow: 0,
  repeat: 0,
  signedIn: 0,
  thinkMaxMs: 1_000,
  seed: 1,
  forMs: Number.POSITIVE_INFINITY,
  leaveAtEnd: false,
  connections: 128,
  requestMs: 10_000,
  giveUpAfterMs: 600_000,
  windowPlaces: burstMin,
  progressMs: 1_000,
} as const satisfies Partial<CrowdSettings>;

const allowed = {
  visitors: [0, 1_000_000],
  keep: [0, 1_000_000],
  joinCopies: [2, 64],
  enterCopies: [1, 64],
  seed: [0, 0xffff_ffff],
  connections: [1, 4_096],
} as const;

/** Fills in the defaults and checks everything. Throws CrowdOptionsError, also for a target off this machine. */
export function crowdSettings(options: CrowdOptions): CrowdSettings {
  const { gateway, buyGateway = gateway, ...given } = options;
  const gateways = [gateway].flat().map(loopbackOrigin);
  const buyGateways = [buyGateway].flat().map(loopbackOrigin);
  const runId = options.runId ?? Date.now().toString(36);
  const settings: CrowdSettings = { ...defaults, ...given, runId, gateways, buyGateways };
  if (gateways.length === 0) throw new CrowdOptionsError('at least one gateway is needed');
  const overGrpc = gateways.filter((origin) => origin.startsWith('grpc:')).length;
  if (overGrpc > 0 && overGrpc < gateways.length)
    throw new CrowdOptionsError('gateways: all http or all grpc');
  if (settings.buy > 0 && !buyGateways.every((origin) => origin.startsWith('http:')))
    throw new CrowdOptionsError('buy: reservations are not served over gRPC, so a buy gateway is needed');
  if (!eventIdPattern.test(settings.event)) {
    throw new CrowdOptionsError(`event: "${settings.event}" is not an event id (letters, digits, _ . : -)`);
  }
  if (!/^[A-Za-z0-9-]{1,64}$/.test(runId)) {
    throw new CrowdOptionsError('run id: 1 to 64 letters, digits and dashes');
  }
  for (const [name, [least, most]] of Object.entries(allowed)) {
    const value = settings[name as keyof typeof allowed];
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw new CrowdOptionsError(`${name}: a whole number from ${least} to ${most}, not ${value}`);
  }
  checkShares(settings);
  return settings;
}

const shares = [
  ...(['noShow', 'neverEnter', 'leave', 'doubleClick', 'signedIn'] as const),
  ...(['buy', 'neverPay', 'payFail', 'paySlow', 'repeat'] as const),
] as const;

function checkShares(settings: CrowdSettings): void {
  for (const name of shares) {
    const share = settings[name];
    if (share >= 0 && share <= 1) continue;
    throw new CrowdOptionsError(`${name}: a share from 0 to 1, not ${share}`);
  }
  if (settings.noShow + settings.neverEnter + settings.leave > 1 + 1e-9) {
    throw new CrowdOptionsError('noShow, neverEnter and leave together: at most 1');
  }
  if (settings.neverPay + settings.payFail + settings.paySlow > 1 + 1e-9) {
    throw new CrowdOptionsError('neverPay, payFail and paySlow together: at most 1');
  }
  if (settings.arrivals.kind === 'poisson' && !(settings.arrivals.perSec > 0)) {
    throw new CrowdOptionsError('arrivals: more than 0 a second');
  }
}

/** Whether an address is on this machine. */
export const isLoopback = ({ hostname }: URL): boolean =>
  /^(localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/.test(hostname);

/** The origin of a gateway on this machine. Throws CrowdOptionsError for any other: this is a load generator. */
export function loopbackOrigin(text: string): string {
  const isGrpc = text.startsWith('grpc://');
  const url = URL.parse(isGrpc ? text.replace('grpc', 'http') : text);
  if (url === null || url.protocol !== 'http:' || url.pathname !== '/' || url.username || url.search) {
    throw new CrowdOptionsError(`gateway: "${text}" is not an origin such as http://127.0.0.1:8000`);
  }
  if (!isLoopback(url)) {
    throw new CrowdOptionsError(
      `gateway: ${url.hostname} is not this machine; simulated visitors go to 127.0.0.0/8, ::1 or localhost only`,
    );
  }
  return isGrpc ? `grpc://${url.host}` : url.origin;
}
