/** The bytes of requests, made before the clock starts: one address a visitor, as a trusted proxy would pass it on. */
import { createHmac } from 'node:crypto';
import type { JoinJob } from './load-jobs.ts';

const common = (visitor: number): string =>
  `Host: 127.0.0.1\r\nUser-Agent: tacos-bench\r\nAccept: */*\r\nX-Forwarded-For: ${addressOf(visitor)}\r\n`;

/** A join of a visitor; `salt` keeps the people of one job apart from those of all others. */
export function joinRequest(job: JoinJob, visitor: number, salt: string): Buffer {
  const body = `{"event_id":"${job.event}"}`;
  const head =
    `POST /api/v1/queue/join HTTP/1.1\r\n${common(visitor)}${identityOf(job, `${salt}-${visitor}`)}` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.from(head + body, 'latin1');
}

/** A poll with a token. */
export function pollRequest(token: string, visitor: number): Buffer {
  return Buffer.from(`GET /api/v1/queue/status?token=${token} HTTP/1.1\r\n${common(visitor)}\r\n`, 'latin1');
}

function identityOf(job: JoinJob, name: string): string {
  if (job.identity === 'key') return `Idempotency-Key: bench-visitor-${name}\r\n`;
  if (job.identity === 'jwt') return `Authorization: Bearer ${jwtOf(name, job.jwtSecret)}\r\n`;
  return '';
}

const jwtHead = base64url({ alg: 'HS256', typ: 'JWT' });
const jwtLifeSec = 3_600;

function jwtOf(subject: string, secret: string): string {
  const nowSec = Math.floor(Date.now() / 1000);
  const text = `${jwtHead}.${base64url({ sub: subject, iat: nowSec, exp: nowSec + jwtLifeSec })}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function addressOf(visitor: number): string {
  return `10.${(visitor >> 16) & 255}.${(visitor >> 8) & 255}.${visitor & 255}`;
}
