/** Structured logs in the gateway's shape: JSON lines on stderr, without credentials. */
import { type DestinationStream, destination, type Logger, pino } from 'pino';
import { logFormat } from '../contract/log-format.ts';

/** Makes the logger; `worker` names the process as the gateway's logs do. */
export function createLogger(
  options: { readonly level: string; readonly environmentName: string; readonly worker: string },
  stream: DestinationStream = destination({ fd: 2, sync: true }),
): Logger {
  const base = { environment: options.environmentName, worker: options.worker };
  return pino(logFormat({ level: options.level, base }), stream);
}
