/** The shape of every server's logs: JSON lines with time and level as words, without credentials. */
import type { LoggerOptions } from 'pino';
import { mask, maskSecrets } from './mask-secrets.ts';

/**
 * Fields whose values never reach a log, whatever they are, wherever they stand in the first three levels. Deeper down,
 * and in texts, `maskSecrets` finds what is a string.
 */
const secretFields = [
  'authorization',
  'cookie',
  'set-cookie',
  'token',
  'waitingToken',
  'waiting_token',
  'reservationToken',
  'reservation_token',
  'password',
  'secret',
  'idempotencyKey',
  'idempotency_key',
  'idempotency-key',
];

/** What was sent to Redis stands in the errors that it answers: users, digests of passwords, answers that were to be kept. */
const sentPaths = ['*.command.args', '*.previousErrors'];

/** Options of pino; `base` stands in every line. */
export function logFormat({ level, base }: { level: string; base: Record<string, unknown> }): LoggerOptions {
  const named = secretFields.map((name) => (/-/.test(name) ? `["${name}"]` : name));
  const paths = named.flatMap((name) => {
    const joint = name.startsWith('[') ? '' : '.';
    return [name, `*${joint}${name}`, `*.*${joint}${name}`];
  });
  return {
    level,
    base,
    redact: { paths: [...paths, ...sentPaths], censor: mask },
    formatters: { level: (label) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    serializers: { url: withoutQuery },
    hooks: { streamWrite: maskSecrets },
  };
}

/** An address for a log: waiting tokens travel in queries. */
const withoutQuery = (url: unknown): string => String(url).replace(/\?.*$/s, `?${mask}`);
