/** What the bench and its load process say to each other. */

/** How visitors of a join job say who they are. */
export const identities = ['anonymous', 'key', 'jwt'] as const;
export type Identity = (typeof identities)[number];

interface Target {
  readonly port: number;
  readonly event: string;
  /** Connections, each with one request under way at a time. */
  readonly connections: number;
}

/** So many new visitors join; their tokens are kept for polls. */
export interface JoinJob extends Target {
  readonly kind: 'join';
  readonly count: number;
  readonly identity: Identity;
  /** Signs the JWTs (HS256). */
  readonly jwtSecret: string;
}

/** Polls with tokens spread evenly over the whole line, each token once before any comes again. */
export interface PollJob extends Target {
  readonly kind: 'poll';
  readonly count: number;
}

export type LoadJob = JoinJob | PollJob;

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** How a job went. Building requests and checking tokens is not part of `wallMs`. */
export interface LoadResult {
  readonly count: number;
  readonly wallMs: number;
  /** CPU of the load process while requests were under way, ms. */
  readonly cpuMs: number;
  readonly latency: Latency;
  /** Different tokens that were used. */
  readonly tokens: number;
  /** Answers that were not what they must be, the first few in words. */
  readonly wrong: number;
  readonly examples: readonly string[];
}
