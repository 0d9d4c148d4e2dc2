/** What the bench and its load process say to each other. */

/** How visitors of a join job say who they are. */
export type Identity = 'anonymous' | 'key' | JwtAlgorithm;

/** How the JWTs are signed: HS256 by the gateway's secret, the others by the provider's keys. */
export const jwtAlgorithms = ['HS256', 'RS256', 'ES256', 'EdDSA'] as const;
export type JwtAlgorithm = (typeof jwtAlgorithms)[number];

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
  /** Signs the JWTs: the secret, or a private key in PEM. */
  readonly jwtKey: string;
  /** People with JWTs: the next job of the same name sends theirs again, to another event. Default: new people. */
  readonly people?: string;
}

/** Polls with tokens spread evenly over the whole line, each token once before any comes again. */
export interface PollJob extends Target {
  readonly kind: 'poll';
  readonly count: number;
}

/** So many people from the front of the line enter, each with a JWT of their own. */
export interface EnterJob extends Target {
  readonly kind: 'enter';
  readonly count: number;
  /** Signs the JWTs (HS256). */
  readonly jwtKey: string;
}

/** The same over QueueService; polls are of places that a job of this kind joined. `port` = the gRPC one. */
export interface GrpcJob extends Target {
  readonly kind: 'grpc-join' | 'grpc-poll';
  readonly count: number;
}

/** So many people who have entered hold a seat each: a JWT, a pass and an Idempotency-Key of their own. */
export interface ReserveJob extends Target {
  readonly kind: 'reserve';
  readonly count: number;
  /** Signs the JWTs (HS256). */
  readonly jwtKey: string;
  /** Signs the passes: 32 bytes in hex. */
  readonly passSeed: string;
}

/** Kinds of requests that a gateway refuses, and what is measured beside them. */
export type AttackName =
  | 'forged'
  | 'foreign'
  | 'oversized'
  | 'limited'
  | 'join-limited'
  | 'unknown'
  | 'more-headers'
  | 'headers'
  | 'too-many-headers'
  | 'last-poll'
  | 'large-body'
  | 'challenge-missing'
  | 'challenge-wrong'
  | 'challenge-right';

/** So many requests of one kind; `tokens` of its result = how many were answered as the kind is meant to be. */
export interface AttackJob extends Target {
  readonly kind: 'attack';
  readonly attack: AttackName;
  readonly count: number;
}

/** Opens so many connections more and keeps them, or lets go of all (0); `count` of its result = open now. */
export interface HoldJob {
  readonly kind: 'hold';
  readonly port: number;
  readonly count: number;
  /** Whether each asks for something first. */
  readonly answered: boolean;
}

export type LoadJob = JoinJob | PollJob | EnterJob | GrpcJob | ReserveJob | AttackJob | HoldJob;

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** How a job went. Building requests and checking tokens is not part of `wallMs`. */
export interface LoadResult {
  readonly count: number;
  readonly wallMs: number;
  /** Bytes of all requests, and of all answers; what goes over gRPC is not counted. */
  readonly sentBytes?: number;
  readonly receivedBytes?: number;
  /** CPU of the load process while requests were under way, ms. */
  readonly cpuMs: number;
  readonly latency: Latency;
  /** Different tokens that were used. */
  readonly tokens: number;
  /** Answers that were not what they must be, the first few in words. */
  readonly wrong: number;
  readonly examples: readonly string[];
}
