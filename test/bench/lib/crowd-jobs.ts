/** What the overload bench and its crowd say to each other. */

/** What a visitor of the crowd asks. */
export type Ask = 'join' | 'status' | 'enter';
export type ByAsk = Record<Ask, number>;

/** Visitors with a connection each come and join; so many others join before them, for the enters. */
export interface GatherJob {
  readonly kind: 'gather';
  readonly port: number;
  readonly event: string;
  readonly visitors: number;
  readonly enterers: number;
}

/** One stretch of load on one event. */
export interface Stretch {
  readonly event: string;
  readonly sec: number;
  /** Requests a second in all, whatever becomes of them; or `closed` = so many visitors who ask again at once. */
  readonly perSec?: number;
  readonly closed?: number;
  /** Shares of what is asked, adding up to 1. */
  readonly mix: Readonly<ByAsk>;
}

/** Stretches of the same event follow one another; events run side by side. */
export interface CrowdRunJob {
  readonly kind: 'run';
  readonly port: number;
  /** Pid of the gateway. */
  readonly gateway: number;
  readonly stretches: readonly Stretch[];
  /** An answer that comes later is worth nothing, ms. */
  readonly deadlineMs: number;
  /** Whether people come back only when a refusal says so. */
  readonly isPolite: boolean;
}

export type CrowdJob = GatherJob | CrowdRunJob;

/** What became of one stretch. */
export interface StretchResult {
  readonly sec: number;
  /** CPU of the gateway in this time, ms. */
  readonly gatewayMs: number;
  /** Turns to ask, those included in which a visitor still waited for their last answer. */
  readonly offered: number;
  /** Right answers within the deadline. */
  readonly good: ByAsk;
  /** Those of them that came before the stretch was over: what a rate is reckoned from. */
  readonly done: ByAsk;
  /** Right ones that came later. What had not come 3 s after the end is in none of these. */
  readonly late: number;
  readonly refused: ByAsk;
  /** 503 for another reason: Redis did not answer in time. */
  readonly failed: number;
  /** The first few wrong answers. */
  readonly examples: readonly string[];
  /** Of right answers, the late ones included, ms. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly refusedP50Ms: number;
  readonly refusedP99Ms: number;
  /** Longest Retry-After, s. */
  readonly retryMaxSec: number;
  /** Right answers in time in each tenth of a second. */
  readonly tenths: readonly number[];
  /** Refusals in each tenth of a second. */
  readonly refusedTenths: readonly number[];
}

export interface CrowdReply {
  readonly stretches: readonly StretchResult[];
}
