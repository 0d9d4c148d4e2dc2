/** The bytes of requests, made before the clock starts: one address a visitor, as a trusted proxy would pass it on. */
import { jwtOf } from './jwt-maker.ts';
import type { EnterJob, JoinJob, ReserveJob } from './load-jobs.ts';

const common = (visitor: number): string =>
  `Host: 127.0.0.1\r\nUser-Agent: tacos-bench\r\nAccept: */*\r\nX-Forwarded-For: ${addressOf(visitor)}\r\n`;

/** A join of a visitor; `salt` keeps the people of one job apart from those of all others. `jwt` is sent again. */
export function joinRequest(job: JoinJob, visitor: number, salt: string, jwt?: string): Buffer {
  const body = `{"event_id":"${job.event}"}`;
  const head =
    `POST /api/v1/queue/join HTTP/1.1\r\n${common(visitor)}${identityOf(job, `${salt}-${visitor}`, jwt)}` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.from(head + body, 'latin1');
}

/** A poll with a token. */
export function pollRequest(token: string, visitor: number): Buffer {
  return Buffer.from(`GET /api/v1/queue/status?token=${token} HTTP/1.1\r\n${common(visitor)}\r\n`, 'latin1');
}

/** Whoever holds a token of the line goes in, signed in as somebody. */
export function enterRequest(job: EnterJob, token: string, visitor: number): Buffer {
  const body = JSON.stringify({ waiting_token: token });
  const head =
    `POST /api/v1/queue/enter HTTP/1.1\r\n${common(visitor)}` +
    `${bearer(jwtOf('HS256', job.jwtKey, `${job.event}-${visitor}`))}` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.from(head + body, 'latin1');
}

/** One seat for somebody with a pass. */
export function reserveRequest(
  job: ReserveJob,
  visitor: {
    readonly number: number;
    readonly subject: string;
    readonly seat: string;
    readonly pass: string;
  },
): Buffer {
  const { number, subject, seat, pass } = visitor;
  const body = JSON.stringify({
    event_id: job.event,
    seat_ids: [seat],
    quantity: 1,
    reservation_token: pass,
  });
  const head =
    `POST /api/v1/reservations HTTP/1.1\r\n${common(number)}${bearer(jwtOf('HS256', job.jwtKey, subject))}` +
    `Idempotency-Key: bench-${subject}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.from(head + body, 'latin1');
}

function identityOf({ identity, jwtKey }: JoinJob, name: string, jwt?: string): string {
  if (identity === 'anonymous') return '';
  if (identity === 'key') return `Idempotency-Key: bench-visitor-${name}\r\n`;
  return bearer(jwt ?? jwtOf(identity, jwtKey, name));
}

const bearer = (jwt: string): string => `Authorization: Bearer ${jwt}\r\n`;

function addressOf(visitor: number): string {
  return `10.${(visitor >> 16) & 255}.${(visitor >> 8) & 255}.${visitor & 255}`;
}
