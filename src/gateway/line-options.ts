/** What the gateway asks of whoever builds its line. */
import type { KeyWithId } from '../contract/config.ts';
import type { LineTracer } from '../queue/line-tracer.ts';
import type { Line } from '../queue/line-types.ts';
import type { WorkerFigures } from '../queue/report-figures.ts';
import type { PassSigner } from '../queue/reservation-token.ts';
import type { RedisAddress } from '../redis/client.ts';
import type { GatewayConfig, ServerEnvironment } from './config.ts';
import type { LineLog } from './tracing/tracer.ts';

export interface LineOptions {
  readonly redis: RedisAddress;
  /** The same for all workers of a gateway, new at every start: `<host name>-<pid>-<4 hex digits>`. */
  readonly gatewayId: string;
  /** `<gatewayId>/w<N>`, unique for each process that ever runs: a worker that is replaced leaves its number. */
  readonly workerId: string;
  readonly waitingTokenKeys: readonly KeyWithId[];
  /** Signs the passes of those admitted. */
  readonly passes: PassSigner;
  readonly eventsAutoCreate: boolean;
  readonly enterAuthRequired: boolean;
  readonly environment: ServerEnvironment;
  /** IANA zone of events that name none. */
  readonly timeZone: string;
  /** What this worker says of itself in its reports. */
  readonly figures: () => WorkerFigures;
  readonly brake: GatewayConfig['brake'];
  /** Counts a request for a verified place: 0 = it may pass, else the seconds to wait; absent = no limit. */
  readonly limitPlace?: (place: string) => number;
  /** Told of Redis commands; absent = tracing is off. */
  readonly trace?: LineTracer;
  readonly log: LineLog;
}

/** Resolves once the line can be asked, loaded or not; rejects when it never will be. */
export type BuildLine = (options: LineOptions) => Promise<Line>;
