/**
 * Every bound of the product in one place, each with its unit in the name and its reason beside it.
 * Relations that must hold between them are asserted at the end of the file.
 */

/** Largest request body a visitor may send, bytes (SPEC: 413 above). */
export const bodyBytesMax = 16 * 1024;

/** Longest waiting or reservation token that is parsed at all, characters. Ours are below 200. */
export const tokenCharsMax = 512;

/** Most gateways that an operator may ask the autoscaler for: a slip of the keyboard is no order. */
export const hpaReplicasMax = 10_000;

/** Headers of a request: browsers and proxies send some twenty, and each costs time before anything else is known. */
export const headersMax = 100;

/** Shape of an event id, on every surface. */
export const eventIdPattern = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/;

/** Printable characters of an Idempotency-Key. */
export const idempotencyKeyCharsMax = 128;

/** Shortest Idempotency-Key with which an anonymous visitor can be given their token again: below it is guessable. */
export const idempotencyKeyReplayCharsMin = 16;

/** Most leading zero bits that an event may ask of a join: 16 million hashes on average, more than a minute of a phone. */
export const challengeBitsMax = 24;

/** A challenge is good for the rest of its window and for the next, s: time to solve it, none to collect many. */
export const challengeWindowSec = 60;

/** Longest seed and nonce of a proof, characters. Our seeds have below 40. */
export const proofCharsMax = 64;

/** Longest claimed user_id, characters. */
export const userIdCharsMax = 128;

/** Events that one answer with figures of all lists, the fullest first: some 10 kB. */
export const statsEventsMax = 100;

/** Calls that may be under way at once on one gRPC connection; connections of a client, no visitors. */
export const grpcStreamsMax = 1_000;

/** Events that may exist at once in one Redis. */
export const eventsMax = 10_000;

/**
 * Members of one join batch: one script call blocks Redis, 2,000 people with a key for some 10 ms. A reply comes a turn of the
 * event loop later, so under overload, with turns of half a second, this and `joinLanes` bound the joins of a process.
 */
export const joinBatchMax = 2_000;

/** Batches of one event that one process may have under way. */
export const joinLanes = 8;

/** While one is under way the next goes so long after it, ms. Redis answers sooner, so this takes a busy loop or a slow Redis. */
export const joinLaneMs = 100;

/** How long a join may wait for company in its batch, ms. */
export const joinBatchWaitMs = 2;

/** Join calls a second that all gateway processes together may send for one event. */
export const joinCallsPerSecMax = 1000;

/** Joins that may wait in one process for a batch before it answers 503. */
export const joinQueueMax = 20_000;

/** Presence records in one script call. */
export const presenceBatchMax = 500;

/** Places moved (stepped around, expired, pruned) by one script call. */
export const sweepBatchMax = 500;

/** Refill, admissions per second: above this, µs × micro-tokens would pass 2^53. */
export const refillPerSecMax = 5_000;

/** Smallest refill: one admission in 100 s. Zero is refused: that is what pause is for. */
export const refillPerSecMin = 0.01;

/** Bucket capacity, tokens. */
export const capacityMax = 1_000_000;

/** D: the bounded overdraft of positions 1 to 10, tokens. */
export const overdraftTokens = 10;

/** Micro-tokens in a token. Tokens are integers of this size everywhere. */
export const microPerToken = 1_000_000;

/** Default refill, admissions per second. */
export const refillPerSecDefault = 10;

/** Capacity and window hold at least this much refill by default, s: people notice at their next poll (2 s + jitter). */
export const burstSecDefault = 4;

/** Default waits before entering by position, s; last 0 = to the window's end. */
export const tierWaitsDefault = [
  { first: 1, last: 10, waitSec: 0 },
  { first: 11, last: 50, waitSec: 2 },
  { first: 51, last: 0, waitSec: 5 },
] as const;

/** Smallest default capacity (tokens) and window (places). */
export const burstMin = 100;

/** A repeated enter gets the same reservation token for this long, s; also that token's life. */
export const reservationTtlSec = 30;

/** poll_after_sec = clamp(expected wait ÷ 8, min, max) ± jitter. */
export const pollAfterSecMin = 2;
export const pollAfterSecMax = 30;
export const pollAfterWaitShare = 8;
export const pollAfterJitter = 0.2;

/** Defaults of one event's presence rules. */
export const presenceSecDefault = 20;
export const presenceSlackSec = 8;
export const claimSecDefault = 60;
export const expireNearSecDefault = 300;
export const expireFarSecDefault = 1_800;

/** Silence that could not be heard: no step-aside for, no expiry for, s; and the gap that starts it, ms. */
export const graceAwaySec = 40;
export const graceExpireSec = 300;
export const graceGapMs = 5_000;

/** A gateway reports the presence of near places this often, ms; the sweep runs this often, ms. */
export const presenceReportMs = 1_000;
export const sweepMs = 500;
export const sweepLeaseMs = 2_000;

/** A place whose expected wait is longer is reported at most once in `presenceFarReportMs`. */
export const presenceNearWaitSec = 150;
export const presenceFarReportMs = 60_000;

/** Replicas read the journal at this pace, ms: fast while people wait, slow for an event nobody touches. */
export const tailMs = 50;
export const tailIdleMs = 250;

/** Not read for this long = stale: answers are marked, ready is said to nobody, ms. */
export const staleAfterMs = 1_000;

/** Entries kept in a journal: 60 s at the peak of 1,000 join calls and 1,000 other transitions a second. */
export const journalLenMax = 120_000;

/** Longest time a visitor's request waits for Redis, ms; SPEC promises an answer within 2 s. */
export const redisCommandMs = 1_500;

/** A client that has not sent its whole request by then is cut, ms. */
export const slowClientMs = 10_000;

/** Requests that may wait on one connection for the answers before theirs. Browsers and proxies send none so. */
export const pipelinedMax = 16;

/** Bytes unsent on a visitor's event stream before it is cut; streams of one process. */
export const streamUnsentBytesMax = 64 * 1024;
export const streamsPerProcessMax = 10_000;
export const streamCommentMs = 10_000;

/** Operators' event streams of one admin process: screens, not visitors. */
export const adminStreamsMax = 200;

/** Longest page of the audit trail, records. */
export const auditPageMax = 500;

/** The people of a closed event are forgotten after so long, s. */
export const closedLineKeptSec = 86_400;

/** Calls of one backend that one process has under way: far above 1,000 a second at 100 ms each; beyond it, 503. */
export const backendInFlightMax = 256;

/** How long an open breaker lets no call through before one may try, ms. */
export const breakerOpenMs = 2_000;

/** Graceful stop: longest drain, ms. */
export const drainMs = 25_000;

/** Longest time that a call to the reservation or payment service may take, all attempts together, ms. */
export const reservationCallMs = 600;
export const paymentCallMs = 400;

/** How long the answer to an Idempotency-Key is kept for those who ask the same again, s; a used pass stays as long. */
export const idempotencyKeptSec = 300;

/** Longest answer that is kept for an Idempotency-Key, bytes. */
export const keptAnswerBytesMax = 16 * 1024;

/** Longest page of positions: what fits on screens many times over, and one answer of a few dozen kB. */
export const positionsPageMax = 500;

/**
 * Seqs that a recovery leaves out above the highest that anybody alive knows of: those that only a gateway which died with
 * Redis had given out. Eight seconds of the highest join rate; each costs Redis 4 bytes of `due`, so 1 MB a recovery.
 */
export const recoveryGapSeqs = 262_144;

/** The same where nobody who asks knew the event before, so that only the visitors' tokens say how far it had come. */
export const recoveryGapUnknownSeqs = 1_048_576;

/**
 * Nobody is let in for so long at most after a recovery, ms: a gateway connects anew within 1 s, finds out within another
 * (its report) and has read 300,000 places in less than 3 s.
 */
export const recoveryFreezeMs = 5_000;

/** Nobody joins for so long at most, ms: until every gateway has said up to which seq it gave out places. */
export const recoveryHoldMs = 2_000;

/** Lost places come back for so long after a recovery, ms: twenty of the longest waits between two polls. */
export const recoveryKeptMs = 600_000;

/** Places in one call that gives back what Redis lost. */
export const recoveryBatchMax = 500;

/** Subjects of the last grants that a process keeps for an event, in case Redis loses them: some 10 s at the highest rate. */
export const recentGrantsMax = 50_000;

/** Rows of the line that an operator's snapshot carries. */
export const snapshotRowsMax = 20;

if (refillPerSecMax * microPerToken * 1e6 >= Number.MAX_SAFE_INTEGER) {
  throw new Error('limits: a second of the highest refill must fit 2^53 when multiplied by µs');
}
if (idempotencyKeptSec <= reservationTtlSec)
  throw new Error('limits: a pass must stay used for longer than it lives');
if (journalLenMax < 60 * 2 * joinCallsPerSecMax)
  throw new Error('limits: the journal must hold 60 s at peak');

/** Runners of one load test in a cluster: each is a pod with two cores. */
export const loadRunnersMax = 200;
