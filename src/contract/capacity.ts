/** What `tacos capacity` is given and prints: measured costs, and the sizes and prices that follow from them. */
import { z } from 'zod';

const cost = z.number().positive();

/** CPU, bytes and pace of one machine, measured. `npm run bench -- --only capacity --calibration FILE` writes such a file. */
export const capacityCostsSchema = z.object({
  /** Where the figures come from, in words. */
  source: z.string(),
  /** CPU of a gateway process for one, µs. */
  gatewayUs: z.object({ join: cost, poll: cost, enter: cost, reservation: cost }),
  /** CPU of Redis for one, µs; `tail` = for one journal entry read by one gateway process. */
  redisUs: z.object({ join: cost, poll: cost, enter: cost, reservation: cost, tail: cost }),
  bytes: z.object({
    /** Of Redis: empty, for one who waits, and a journal at its full length. */
    redisBase: cost,
    redisPerson: cost,
    redisJournal: cost,
    /** Resident memory of a gateway process under load: with an empty line, for a place, for a client heard lately. */
    workerBase: cost,
    workerPlace: cost,
    workerClient: cost,
    /** On the visitors' side of the gateway, HTTP and no TLS: request and answer of one. */
    joinIn: cost,
    joinOut: cost,
    pollIn: cost,
    pollOut: cost,
    /** Sent by Redis to one gateway process for one journal entry. */
    tailOut: cost,
  }),
  /** One gateway process by the clock, all else idle. */
  perSec: z.object({ joins: cost, polls: cost }),
});
export type CapacityCosts = z.infer<typeof capacityCostsSchema>;

const figure = z.number();

/** The document that `tacos capacity` prints. CPU in cores, memory in bytes, network in bits a second, money in USD. */
export const capacitySchema = z.object({
  given: z.object({
    visitors: figure,
    joinPerSec: figure,
    admitPerSec: figure,
    events: figure,
    podCores: figure,
    hours: figure,
    source: z.string(),
  }),
  line: z.object({ tailWaitSec: figure, pollPerSec: figure, pollsInAll: figure }),
  gateway: z.object({
    joinCores: figure,
    pollCores: figure,
    enterCores: figure,
    reservationCores: figure,
    cores: figure,
    workers: figure,
    pods: figure,
    workerBytes: figure,
    podBytes: figure,
  }),
  redis: z.object({
    joinCores: figure,
    tailCores: figure,
    otherCores: figure,
    /** Of the busiest event, which no second node can take a part of. */
    eventCores: figure,
    cores: figure,
    masters: figure,
    bytes: figure,
    maxmemoryBytes: figure,
  }),
  network: z.object({
    inBitPerSec: figure,
    outBitPerSec: figure,
    redisOutBitPerSec: figure,
    outBytes: figure,
  }),
  money: z.object({
    podUsd: figure,
    redisUsd: figure,
    networkUsd: figure,
    usd: figure,
    prices: z.object({ coreHourUsd: figure, redisHourUsd: figure, gbOutUsd: figure }),
  }),
  /** Fullest first: the first one breaks first. `use` 1 = full. */
  limits: z.array(z.object({ limit: z.string(), use: figure, text: z.string(), next: z.string() })),
});
export type Capacity = z.infer<typeof capacitySchema>;
export type CapacityLimit = Capacity['limits'][number];
