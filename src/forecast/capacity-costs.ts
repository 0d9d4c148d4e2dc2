/** The costs that `tacos capacity` reckons with where no calibration file is given, and default prices. */
import type { CapacityCosts } from '../contract/capacity.ts';

/**
 * From docs/benchmarks.md, which says on what machine. Joins with an Idempotency-Key, enters and reservations with a
 * JWT (HS256), 32 processes that follow one event; the rest is measured by `npm run bench -- --only capacity`.
 */
export const measuredCosts: CapacityCosts = {
  source: 'docs/benchmarks.md, 2 × AMD EPYC, Node 26.10.0, Redis 7.0.15, 2026-11-21',
  gatewayUs: { join: 37.5, poll: 27.8, enter: 188, reservation: 553 },
  // 32 processes cost Redis 2.6 µs a join more than one, at 1,000 entries of 30 joins a second.
  redisUs: { join: 4.3, poll: 0.7, enter: 58, reservation: 73, tail: 2.4 },
  bytes: {
    redisBase: 1_980_000,
    redisPerson: 126,
    redisJournal: 8_600_000,
    workerBase: 222_000_000,
    // How a process grows from 20,000 to 300,000 places; one measurement at 20,000 would say too little.
    workerPlace: 120,
    workerClient: 800,
    joinIn: 248,
    joinOut: 485,
    pollIn: 208,
    pollOut: 592,
    tailOut: 56,
  },
  perSec: { joins: 15_500, polls: 23_300 },
};

/** Prices where none are given, USD: round numbers near a large cloud's list prices, to be replaced by one's own. */
export const priceDefaults = {
  /** One core of a gateway pod with its share of memory, for an hour. */
  coreHourUsd: 0.05,
  /** One Redis node of 13 GB, for an hour; a master has one replica. */
  redisHourUsd: 0.3,
  /** One GB (10⁹ bytes) to visitors. */
  gbOutUsd: 0.1,
} as const;
