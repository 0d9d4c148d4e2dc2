/** What the gateway asks of whoever builds its line. */
import type { Logger } from 'pino';
import type { KeyWithId } from '../contract/config.ts';
import type { Line } from '../queue/line-types.ts';
import type { WorkerFigures } from '../queue/report-figures.ts';
import type { GatewayConfig, ServerEnvironment } from './config.ts';

export interface LineOptions {
  readonly redis: GatewayConfig['redis'];
  /** The same for all workers of a gateway, new at every start: `<host name>-<pid>-<4 hex digits>`. */
  readonly gatewayId: string;
  /** `<gatewayId>/w<N>`, unique for each process that ever runs: a worker that is replaced leaves its number. */
  readonly workerId: string;
  readonly waitingTokenKeys: readonly KeyWithId[];
  readonly reservationTokenKeys: readonly KeyWithId[];
  readonly eventsAutoCreate: boolean;
  readonly enterAuthRequired: boolean;
  readonly environment: ServerEnvironment;
  /** IANA zone of events that name none. */
  readonly timeZone: string;
  /** What this worker says of itself in its reports. */
  readonly figures: () => WorkerFigures;
  readonly log: Logger;
}

/** Resolves once the line can be asked, loaded or not; rejects when it never will be. */
export type BuildLine = (options: LineOptions) => Promise<Line>;
