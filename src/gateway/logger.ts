/** Structured logs: JSON lines on stderr, without credentials. */
import { type DestinationStream, destination, type Logger, pino } from 'pino';

export interface LoggerOptions {
  readonly level: string;
  readonly environmentName: string;
  /** `<gatewayId>/w<N>`, or the gateway's id alone for its primary process. */
  readonly workerId: string;
}

/** Fields whose values never reach a log, wherever they stand in the first three levels. */
const secretFields = [
  'authorization',
  'cookie',
  'token',
  'waitingToken',
  'waiting_token',
  'reservationToken',
  'reservation_token',
  'password',
  'secret',
];

export function createLogger(
  options: LoggerOptions,
  stream: DestinationStream = destination({ fd: 2 }),
): Logger {
  const paths = secretFields.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return pino(
    {
      level: options.level,
      base: { environment: options.environmentName, worker: options.workerId },
      redact: { paths, censor: '***' },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      serializers: { url: withoutQuery },
    },
    stream,
  );
}

/** An address for a log: waiting tokens travel in queries. */
export const withoutQuery = (url: unknown): string => String(url).replace(/\?.*$/s, '?***');
