/**
 * From measured costs to sizes: how many gateway pods, Redis nodes, bits and dollars a sale takes, and what breaks first.
 * Pure arithmetic; docs/scale.md shows it step by step and is checked against it.
 */
import { redisCpuLimitsPercent } from '../contract/alarms-of-servers.ts';
import type { Capacity, CapacityCosts } from '../contract/capacity.ts';
import {
  joinCallsPerSecMax,
  pollAfterJitter,
  pollAfterSecMax,
  pollAfterSecMin,
  pollAfterWaitShare,
} from '../contract/limits.ts';
import { limitsOf } from './capacity-limits.ts';

/** What a sale will be. */
export interface CapacityInput {
  /** People in the lines at the peak, of all events. */
  readonly visitors: number;
  /** Joins a second at the peak, of all events. */
  readonly joinPerSec: number;
  /** Admissions a second, of all events. */
  readonly admitPerSec: number;
  /** Events of the same size that share the visitors; each is one Redis core at most. */
  readonly events: number;
  /** Cores of a gateway pod; one process a core. */
  readonly podCores: number;
  /** How long it is paid for, h. Default: until the line is empty, and an hour before. */
  readonly hours?: number;
  /** Most pods that the autoscaler may start. */
  readonly podsMax: number;
  /** Memory of a Redis node, bytes. */
  readonly redisNodeBytes: number;
  readonly prices: Capacity['money']['prices'];
}

/** Share of a core that a gateway process is planned with: the HPA's target. */
export const gatewayUse = 0.6;
/** Share of Redis's one core that is planned with: the alarm's warning. */
export const redisUse = redisCpuLimitsPercent.warn / 100;
/** Least pods: one an availability zone. */
export const podsMin = 3;
/** Beside the data Redis needs room for buffers and the pages that a save copies: maxmemory is this many times the data. */
export const redisRoom = 2;
/** A pod's memory is this many times what its processes hold under load. */
export const podRoom = 1.5;
/** The rate limiter remembers a client for a turn at least: burst ÷ rate × 2, s. */
const clientsKeptSec = 4;
/** A master and its replica. */
const nodesAMaster = 2;
/** E[1 / pace] of a pace that is spread by the jitter, against 1 / the middle pace. */
const jitterFactor = Math.log((1 + pollAfterJitter) / (1 - pollAfterJitter)) / (2 * pollAfterJitter);

/** Polls a second of `waiting` people who are told when to ask again: an eighth of the expected wait, 2 to 30 s. */
export function pollsPerSec(waiting: number, admitPerSec: number): number {
  // The person at place p expects p ÷ rate seconds: their pace leaves the shortest, then reaches the longest.
  const near = Math.min(waiting, pollAfterSecMin * pollAfterWaitShare * admitPerSec);
  const far = Math.min(waiting, pollAfterSecMax * pollAfterWaitShare * admitPerSec);
  const middle = near < far ? pollAfterWaitShare * admitPerSec * Math.log(far / near) : 0;
  return jitterFactor * (near / pollAfterSecMin + middle + (waiting - far) / pollAfterSecMax);
}

/** Pieces that the emptying of a line is reckoned in. */
const steps = 1_000;

/** Polls from the moment when `waiting` people stand there until the last has gone. */
export function pollsInAll(waiting: number, admitPerSec: number): number {
  let polls = 0;
  for (let step = 0; step < steps; step += 1)
    polls += pollsPerSec((waiting * (step + 0.5)) / steps, admitPerSec) * (waiting / steps / admitPerSec);
  return polls;
}

/** Resident memory of one gateway process that holds so many places and hears so many requests a second. */
export const workerBytesOf = ({
  bytes,
  visitors,
  perSec,
}: {
  readonly bytes: CapacityCosts['bytes'];
  readonly visitors: number;
  readonly perSec: number;
}): number =>
  bytes.workerBase +
  visitors * bytes.workerPlace +
  Math.min(visitors, perSec * clientsKeptSec) * bytes.workerClient;

/** A crowd of one gateway process, as the bench measures it. */
export interface CrowdFigures {
  readonly gatewayCpuSec: number;
  readonly redisCpuSec: number;
  /** Of the visitors alone. */
  readonly redisBytes: number;
  readonly workerBytes: number;
  /** On a core of its own. */
  readonly joinsPerSec: number;
  readonly pollsPerSec: number;
}

/** What a crowd costs one gateway process and Redis, by the costs. */
export function crowdFigures(
  { gatewayUs, redisUs, bytes, perSec }: CapacityCosts,
  { visitors, polls, enters }: { readonly visitors: number; readonly polls: number; readonly enters: number },
): CrowdFigures {
  const sec = (us: CapacityCosts['gatewayUs']): number =>
    (visitors * us.join + polls * us.poll + enters * us.enter) / 1e6;
  return {
    gatewayCpuSec: sec(gatewayUs),
    redisCpuSec: sec(redisUs),
    redisBytes: visitors * bytes.redisPerson,
    workerBytes: workerBytesOf({ bytes, visitors, perSec: perSec.polls }),
    joinsPerSec: 1e6 / gatewayUs.join,
    pollsPerSec: 1e6 / gatewayUs.poll,
  };
}

/** The sizes. */
export function capacityOf(costs: CapacityCosts, input: CapacityInput): Capacity {
  const { visitors, joinPerSec, admitPerSec, events, podCores } = input;
  const tailWaitSec = visitors / admitPerSec;
  const line = {
    tailWaitSec,
    pollPerSec: pollsPerSec(visitors / events, admitPerSec / events) * events,
    pollsInAll: pollsInAll(visitors / events, admitPerSec / events) * events,
  };
  const hours = input.hours ?? tailWaitSec / 3_600 + 1;
  const gateway = gatewayOf(costs, input, line.pollPerSec);
  const redis = redisOf(costs, input, { workers: gateway.pods * podCores, pollPerSec: line.pollPerSec });
  const network = networkOf(costs, input, { ...line, workers: gateway.pods * podCores });
  const sized = {
    given: { visitors, joinPerSec, admitPerSec, events, podCores, hours, source: costs.source },
    line,
    gateway,
    redis,
    network,
    money: moneyOf(input, { hours, gateway, redis, network }),
  };
  return { ...sized, limits: limitsOf(sized, input) };
}

/** What a crowd asks of gateways a second. */
type Asked = Pick<CapacityInput, 'joinPerSec' | 'admitPerSec'> & { readonly pollPerSec: number };

function gatewayCoresOf(
  { gatewayUs }: CapacityCosts,
  { joinPerSec, admitPerSec, pollPerSec }: Asked,
): Pick<
  Capacity['gateway'],
  'joinCores' | 'pollCores' | 'enterCores' | 'reservationCores' | 'cores' | 'workers'
> {
  const joinCores = (joinPerSec * gatewayUs.join) / 1e6;
  const pollCores = (pollPerSec * gatewayUs.poll) / 1e6;
  const enterCores = (admitPerSec * gatewayUs.enter) / 1e6;
  const reservationCores = (admitPerSec * gatewayUs.reservation) / 1e6;
  const cores = joinCores + pollCores + enterCores + reservationCores;
  return {
    ...{ joinCores, pollCores, enterCores, reservationCores, cores },
    workers: Math.ceil(cores / gatewayUse),
  };
}

/** Gateway processes that one event takes: as `tacos capacity` reckons, without its least number of pods. */
export const gatewayWorkersFor = (
  costs: CapacityCosts,
  input: Pick<CapacityInput, 'visitors' | 'joinPerSec' | 'admitPerSec'>,
): number =>
  gatewayCoresOf(costs, { ...input, pollPerSec: pollsPerSec(input.visitors, input.admitPerSec) }).workers;

function gatewayOf(costs: CapacityCosts, input: CapacityInput, pollPerSec: number): Capacity['gateway'] {
  const { visitors, joinPerSec, podCores } = input;
  const used = gatewayCoresOf(costs, { ...input, pollPerSec });
  const { workers } = used;
  const { bytes } = costs;
  const pods = Math.max(podsMin, Math.ceil(workers / podCores));
  // Every process follows every event, so it holds every place.
  const requestsPerSec = (joinPerSec + pollPerSec) / (pods * podCores);
  const workerBytes = workerBytesOf({ bytes, visitors, perSec: requestsPerSec });
  const podBytes = workerBytes * podCores * podRoom;
  return { ...used, pods, workerBytes, podBytes };
}

/** Journal entries a second of all events, one a join call: batches grow, so that an event sees its bound at most. */
export const entriesPerSec = ({ joinPerSec, events }: Pick<CapacityInput, 'joinPerSec' | 'events'>): number =>
  Math.min(joinPerSec, events * joinCallsPerSecMax);

function redisOf(
  { redisUs, bytes }: CapacityCosts,
  input: CapacityInput,
  { workers, pollPerSec }: { readonly workers: number; readonly pollPerSec: number },
): Capacity['redis'] {
  const { visitors, joinPerSec, admitPerSec, events } = input;
  const joinCores = (joinPerSec * redisUs.join) / 1e6;
  const tailCores = (entriesPerSec(input) * workers * redisUs.tail) / 1e6;
  const perAdmission = redisUs.enter + redisUs.reservation;
  const otherCores = (pollPerSec * redisUs.poll + admitPerSec * perAdmission) / 1e6;
  const cores = joinCores + tailCores + otherCores;
  const data = bytes.redisBase + visitors * bytes.redisPerson + events * bytes.redisJournal;
  const byCpu = Math.ceil(cores / redisUse);
  const byMemory = Math.ceil((data * redisRoom) / input.redisNodeBytes);
  return {
    joinCores,
    tailCores,
    otherCores,
    eventCores: cores / events,
    cores,
    // An event is not divided: more masters than events help nobody.
    masters: Math.max(1, Math.min(events, Math.max(byCpu, byMemory))),
    bytes: data,
    maxmemoryBytes: data * redisRoom,
  };
}

function networkOf(
  { bytes }: CapacityCosts,
  input: CapacityInput,
  load: { readonly pollPerSec: number; readonly pollsInAll: number; readonly workers: number },
): Capacity['network'] {
  const { visitors, joinPerSec } = input;
  const { pollPerSec } = load;
  return {
    inBitPerSec: 8 * (joinPerSec * bytes.joinIn + pollPerSec * bytes.pollIn),
    outBitPerSec: 8 * (joinPerSec * bytes.joinOut + pollPerSec * bytes.pollOut),
    redisOutBitPerSec: 8 * entriesPerSec(input) * load.workers * bytes.tailOut,
    outBytes: visitors * bytes.joinOut + load.pollsInAll * bytes.pollOut,
  };
}

function moneyOf(
  { prices, podCores }: CapacityInput,
  sized: Pick<Capacity, 'gateway' | 'redis' | 'network'> & { readonly hours: number },
): Capacity['money'] {
  const { hours, gateway, redis, network } = sized;
  const podUsd = gateway.pods * podCores * hours * prices.coreHourUsd;
  const redisUsd = redis.masters * nodesAMaster * hours * prices.redisHourUsd;
  const networkUsd = (network.outBytes / 1e9) * prices.gbOutUsd;
  return { podUsd, redisUsd, networkUsd, usd: podUsd + redisUsd + networkUsd, prices };
}
