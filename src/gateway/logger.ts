/** Structured logs: JSON lines on stderr, without credentials. */
import { type DestinationStream, destination, type Logger, pino } from 'pino';
import { logFormat } from '../contract/log-format.ts';

export interface LoggerOptions {
  readonly level: string;
  readonly environmentName: string;
  /** `<gatewayId>/w<N>`, or the gateway's id alone for its primary process. */
  readonly workerId: string;
}

export function createLogger(
  options: LoggerOptions,
  stream: DestinationStream = destination({ fd: 2 }),
): Logger {
  const base = { environment: options.environmentName, worker: options.workerId };
  return pino(logFormat({ level: options.level, base }), stream);
}
