/** What a line is opened with. */
import type { RedisAddress } from '../redis/client.ts';
import type { BrakePolicy } from './brake.ts';
import type { NamedKey } from './keyring.ts';
import type { LineTracer } from './line-tracer.ts';
import type { WorkerFigures } from './report-figures.ts';
import type { PassSigner } from './reservation-token.ts';

export interface LineOptions {
  readonly redis: RedisAddress;
  readonly gatewayId: string;
  /** Unique for each process that ever runs. */
  readonly workerId: string;
  readonly waitingTokenKeys: readonly NamedKey[];
  /** Signs the passes of those admitted; the caller's, who reads the keys again and verifies with the same. */
  readonly passes: PassSigner;
  /** Reads the waiting token keys again, every 10 s; absent where they cannot change. */
  readonly rereadWaitingTokenKeys?: () => readonly NamedKey[];
  readonly eventsAutoCreate: boolean;
  readonly enterAuthRequired: boolean;
  /** Time zone of events that name none, IANA. */
  readonly timeZone: string;
  /** Counts a request for a place: 0 = it may pass, else the seconds to wait; absent = no limit. */
  readonly limitPlace?: (place: string) => number;
  /** What the worker says of itself in its reports; absent = nothing. */
  readonly figures?: () => WorkerFigures;
  /** Settings of the adaptive brake; absent = off. */
  readonly brake?: BrakePolicy;
  /** Told of Redis commands and of what is batched; absent = nobody. */
  readonly trace?: LineTracer;
  readonly log: { warn(detail: object, message: string): void; info(detail: object, message: string): void };
}
