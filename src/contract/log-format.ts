/** The shape of every server's logs: JSON lines with time and level as words, without credentials. */
import type { LoggerOptions } from 'pino';

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

/** Options of pino; `base` stands in every line. */
export function logFormat({ level, base }: { level: string; base: Record<string, unknown> }): LoggerOptions {
  const paths = secretFields.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return {
    level,
    base,
    redact: { paths, censor: '***' },
    formatters: { level: (label) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    serializers: { url: withoutQuery },
  };
}

/** An address for a log: waiting tokens travel in queries. */
const withoutQuery = (url: unknown): string => String(url).replace(/\?.*$/s, '?***');
