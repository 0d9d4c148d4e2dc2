/**
 * Which limit a request falls under: a verified place on the routes that take its token (asked for by the line, which
 * verifies it), else the verified subject, else the address. Credentials and tokens that are no good count for their
 * address, so that guessing them is limited too.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { type Refusal, refuse } from '../../contract/errors.ts';
import { type Authenticator, isRefusal } from '../auth/authenticator.ts';
import type { GatewayConfig } from '../config.ts';
import type { Meters } from '../metrics/meters.ts';
import { createClientAddress, createNetworkList, limitedAs } from './client-address.ts';
import { type ChargeShared, type Limit, type LimitScope, RateLimiter } from './rate-limiter.ts';

/**
 * The header that holds the client's address in the hands of the gateway. Every way in sets it for itself before
 * anything reads it, so what a visitor sends under this name is never believed.
 */
export const addressHeader = 'x-real-ip';

const minSec = 60;

/** Bursts of addresses last for so long at their rate, s. */
const addressBurstSec = 2;

export interface RateGate {
  /** Writes the client's address into the headers; `remote` = the other end of the connection. */
  noteAddress(remote: string | undefined, headers: IncomingHttpHeaders): void;
  /** Counts a request of nobody known: why it may not pass, or undefined. */
  byAddress(headers: IncomingHttpHeaders): Refusal | undefined;
  /** Counts a place that is about to be taken, for its address and for its verified subject: why it may not be. */
  byJoin(headers: IncomingHttpHeaders, subject: string | undefined): Refusal | undefined;
  /** No place was taken after all. */
  giveBackJoin(headers: IncomingHttpHeaders, subject: string | undefined): void;
  /** Counts a request of a verified place: 0 = it may pass, else the seconds to wait. */
  byPlace(place: string): number;
  /** Finds out who asks and counts them: known ones by subject, all others by address. */
  counting(authenticate: Authenticator): Authenticator;
  /** As `counting`, for routes whose token names a place: only credentials that are no good count. */
  guarding(authenticate: Authenticator): Authenticator;
}

export interface RateGateOptions {
  readonly config: Pick<GatewayConfig, 'rateLimit' | 'trustedProxies'>;
  readonly meters: Meters;
  readonly charge: ChargeShared;
}

/** Lets everything pass, and counts nothing. */
export const openGate: RateGate = {
  noteAddress: () => {},
  byAddress: () => undefined,
  byJoin: () => undefined,
  giveBackJoin: () => {},
  byPlace: () => 0,
  counting: (authenticate) => authenticate,
  guarding: (authenticate) => authenticate,
};

/** The gate of one process; open where limits are switched off. */
export function createRateGate({ config, meters, charge }: RateGateOptions): RateGate {
  const { enabled, perSec, burst, ipPerSec, exempt, joinsPerMin } = config.rateLimit;
  if (!enabled) return openGate;
  const limiter = new RateLimiter({ charge });
  const addressOf = createClientAddress(config.trustedProxies);
  const isExempt = createNetworkList(exempt);
  const places: Limit = { scope: 'place', perSec, burst };
  const subjects: Limit = { scope: 'subject', perSec, burst };
  const addresses: Limit = { scope: 'ip', perSec: ipPerSec, burst: Math.ceil(ipPerSec * addressBurstSec) };
  const joinsOf = (scope: LimitScope, perMin: number): Limit | undefined =>
    perMin === 0 ? undefined : { scope, perSec: perMin / minSec, burst: perMin };
  const joinsOfAddress = joinsOf('join_ip', joinsPerMin.ip);
  const joinsOfSubject = joinsOf('join_subject', joinsPerMin.subject);

  const take = (limit: Limit, client: string): number => {
    const waitSec = limiter.take(limit, client);
    if (waitSec > 0) meters.limited[limit.scope] += 1;
    return waitSec;
  };
  const refusalOf = (waitSec: number): Refusal | undefined =>
    waitSec > 0 ? refuse('RATE_LIMITED', { retryAfterSec: Math.ceil(waitSec) }) : undefined;
  /** Whom the address counts for; undefined where it has no limit. */
  const limitedAt = (headers: IncomingHttpHeaders): string | undefined => {
    const address = headers[addressHeader];
    return typeof address !== 'string' || isExempt(address) ? undefined : limitedAs(address);
  };
  const byAddress = (headers: IncomingHttpHeaders): Refusal | undefined => {
    const address = limitedAt(headers);
    return address === undefined ? undefined : refusalOf(take(addresses, address));
  };
  const byJoin: RateGate['byJoin'] = (headers, subject) => {
    const isCounted = subject !== undefined && joinsOfSubject !== undefined;
    const subjectWaitSec = isCounted ? take(joinsOfSubject, subject) : 0;
    if (subjectWaitSec > 0) return refusalOf(subjectWaitSec);
    const address = limitedAt(headers);
    if (address === undefined || joinsOfAddress === undefined) return undefined;
    const waitSec = take(joinsOfAddress, address);
    if (waitSec > 0 && isCounted) limiter.giveBack(joinsOfSubject, subject);
    return refusalOf(waitSec);
  };
  const giveBackJoin: RateGate['giveBackJoin'] = (headers, subject) => {
    if (subject !== undefined && joinsOfSubject !== undefined) limiter.giveBack(joinsOfSubject, subject);
    const address = limitedAt(headers);
    if (address !== undefined && joinsOfAddress !== undefined) limiter.giveBack(joinsOfAddress, address);
  };
  const counting =
    (authenticate: Authenticator, countsCallers: boolean): Authenticator =>
    async (headers) => {
      const caller = await authenticate(headers);
      if (isRefusal(caller)) return byAddress(headers) ?? caller;
      if (!countsCallers) return caller;
      const { subject } = caller;
      return (subject === undefined ? byAddress(headers) : refusalOf(take(subjects, subject))) ?? caller;
    };
  return {
    noteAddress: (remote, headers) => {
      headers[addressHeader] = addressOf(remote, headers);
    },
    byAddress,
    byJoin,
    giveBackJoin,
    byPlace: (place) => take(places, place),
    counting: (authenticate) => counting(authenticate, true),
    guarding: (authenticate) => counting(authenticate, false),
  };
}
