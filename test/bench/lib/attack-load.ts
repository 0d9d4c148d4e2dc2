/** Requests that a gateway refuses, each kind by itself, and connections that only hold on. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { proofIdentity, solve } from '../../../src/contract/challenge.ts';
import type { ChallengeReply, Proof } from '../../../src/contract/visitor-api.ts';
import { Keyring } from '../../../src/queue/keyring.ts';
import { readWaitingToken, signWaitingToken } from '../../../src/queue/waiting-token.ts';
import { waitingKey } from './gateway-process.ts';
import type { AttackJob, HoldJob, LoadResult } from './load-jobs.ts';
import { joinRequest, pollRequest } from './load-requests.ts';

/** Sends them, and checks each answer: undefined = as it must be. */
export type Send = (
  requests: Buffer[],
  check: (request: number, status: number, body: string) => string | undefined,
) => Promise<Omit<LoadResult, 'tokens'>>;

/** What requests are made of: a token of the line, and the challenge of the event. */
interface Given {
  readonly token: string;
  readonly work: ChallengeReply;
}

/** One kind of attack: the bytes of each request, and how it must be answered. */
interface Attack {
  readonly request: (job: AttackJob, index: number, given: Given) => Buffer;
  readonly statuses: readonly number[];
  readonly code?: string;
  /** Its connection is closed with the answer: each request has one of its own. */
  readonly isLast?: boolean;
}

const keyring = new Keyring([{ kid: waitingKey.kid, secret: Buffer.from(waitingKey.secret) }]);
const text = (lines: readonly string[], body = ''): Buffer =>
  Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
const oneAddress = 0;
const bodyBytes = 20_000;

/** A token of the line with another mac. */
const forged = (token: string): string => `${token.slice(0, -6)}AAAAAA`;

/** A token signed by the right key for an event that there is not. */
function foreign(token: string): string {
  const known = readWaitingToken(keyring, token);
  if (known === undefined) throw new Error('a token of the line cannot be read');
  return signWaitingToken(keyring, { ...known, event: 'bench-nowhere', life: 'zzzzzzzz' });
}

const anonymous = (job: AttackJob, index: number): Buffer =>
  joinRequest({ ...job, kind: 'join', identity: 'anonymous', jwtKey: '' }, index, 'a');

const keyOf = (index: number): string => `bench-prover-${String(index).padStart(8, '0')}`;

function joinWith(index: number, job: AttackJob, proof?: Proof): Buffer {
  const body = JSON.stringify({ event_id: job.event, ...(proof === undefined ? {} : { proof }) });
  const head = ['POST /api/v1/queue/join HTTP/1.1', 'Host: a', 'Content-Type: application/json'];
  const address = `X-Forwarded-For: 10.8.${index >> 8}.${index & 255}`;
  const key = `Idempotency-Key: ${keyOf(index)}`;
  return text([...head, address, key, `Content-Length: ${body.length}`], body);
}

const manyHeaders = Array.from({ length: 900 }, (_, at) => `x-header-${at}: a`);
const moreHeaders = manyHeaders.slice(0, 90);
const tooManyHeaders = [...manyHeaders, `x-last: ${'y'.repeat(8_000)}`];
const poll = (token: string, more: readonly string[]): Buffer =>
  text([`GET /api/v1/queue/status?token=${token} HTTP/1.1`, 'Host: a', ...more]);

const attacks: Readonly<Record<AttackJob['attack'], Attack>> = {
  forged: {
    request: (_, index, { token }) => pollRequest(forged(token), index),
    statuses: [404],
    code: 'TOKEN_NOT_FOUND',
  },
  foreign: {
    request: (_, index, { token }) => pollRequest(foreign(token), index),
    statuses: [404],
    code: 'TOKEN_NOT_FOUND',
  },
  oversized: {
    request: (_, index) => pollRequest(`t1.${'a'.repeat(600)}`, index),
    statuses: [404],
    code: 'TOKEN_NOT_FOUND',
  },
  // The burst of the address goes through.
  limited: {
    request: (_, __, { token }) => pollRequest(forged(token), oneAddress),
    statuses: [429, 404],
    code: 'RATE_LIMITED',
  },
  'join-limited': {
    request: (job) => anonymous(job, oneAddress),
    statuses: [429, 202],
    code: 'RATE_LIMITED',
  },
  unknown: {
    request: (_, index) =>
      text([
        `GET /wp-admin/${index} HTTP/1.1`,
        'Host: a',
        `X-Forwarded-For: 10.9.${index >> 8}.${index & 255}`,
      ]),
    statuses: [404],
    code: 'NOT_FOUND',
  },
  'more-headers': { request: (_, __, { token }) => poll(token, moreHeaders), statuses: [200] },
  headers: {
    request: (_, __, { token }) => poll(token, manyHeaders),
    statuses: [431],
    code: 'HEADERS_TOO_LARGE',
    isLast: true,
  },
  'too-many-headers': {
    request: (_, __, { token }) => poll(token, tooManyHeaders),
    statuses: [431],
    code: 'HEADERS_TOO_LARGE',
    isLast: true,
  },
  'last-poll': {
    request: (_, __, { token }) => poll(token, ['Connection: close']),
    statuses: [200],
    isLast: true,
  },
  'challenge-missing': {
    request: (job, index) => joinWith(index, job),
    statuses: [403],
    code: 'CHALLENGE_REQUIRED',
  },
  'challenge-wrong': {
    request: (job, index, { work }) => joinWith(index, job, { seed: work.seed, nonce: 'x' }),
    // Some nonce is right by chance.
    statuses: [403, 202],
    code: 'CHALLENGE_REQUIRED',
  },
  'challenge-right': {
    request: (job, index, { work }) =>
      joinWith(index, job, solve(work.seed, proofIdentity.key(keyOf(index)), work.difficulty)),
    statuses: [202],
  },
  'large-body': {
    request: () => {
      const head = ['POST /api/v1/queue/join HTTP/1.1', 'Host: a', 'Content-Type: application/json'];
      return text([...head, `Content-Length: ${bodyBytes}`], 'x'.repeat(bodyBytes));
    },
    statuses: [413],
    code: 'BODY_TOO_LARGE',
    isLast: true,
  },
};

/** Runs one kind. `tokens` = those of the job's line. */
export async function attackLoad(job: AttackJob, tokens: readonly string[], send: Send): Promise<LoadResult> {
  const { request, statuses, code, isLast = false } = attacks[job.attack];
  const work = await workOf(job);
  const requests = Array.from({ length: job.count }, (_, index) =>
    request(job, index, { token: tokens[index % tokens.length] ?? '', work }),
  );
  let asWanted = 0;
  const check = (_: number, status: number, body: string): string | undefined => {
    if (status === statuses[0] && (code === undefined || body.includes(code))) asWanted += 1;
    else if (!statuses.includes(status)) return `${job.attack}: ${status} ${body}`;
    return undefined;
  };
  const result = isLast ? await sendEach(job, requests, check) : await send(requests, check);
  return { ...result, tokens: asWanted };
}

async function workOf({ port, event }: AttackJob): Promise<ChallengeReply> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/queue/challenge?event_id=${event}`);
  return (await answer.json()) as ChallengeReply;
}

/** Each request on a connection of its own, read to its end. */
async function sendEach(
  job: AttackJob,
  requests: readonly Buffer[],
  check: Parameters<Send>[1],
): Promise<Omit<LoadResult, 'tokens'>> {
  let [next, wrong] = [0, 0];
  const examples: string[] = [];
  const startedMs = performance.now();
  const cpuBefore = process.cpuUsage();
  const lane = async (): Promise<void> => {
    for (let at = next++; at < requests.length; at = next++) {
      const answer = await answerTo(job.port, requests[at] ?? Buffer.alloc(0));
      const problem = check(at, Number(answer.slice(9, 12)), answer);
      if (problem === undefined) continue;
      wrong += 1;
      if (examples.length < 5) examples.push(problem.slice(0, 300));
    }
  };
  await Promise.all(Array.from({ length: job.connections }, lane));
  const cpu = process.cpuUsage(cpuBefore);
  const latency = { p50Ms: Number.NaN, p99Ms: Number.NaN, maxMs: Number.NaN };
  const [wallMs, cpuMs] = [performance.now() - startedMs, (cpu.user + cpu.system) / 1000];
  return { count: requests.length, wallMs, cpuMs, latency, wrong, examples };
}

function answerTo(port: number, request: Buffer): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(request));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}

const held: Socket[] = [];

/** Opens connections and keeps them, each after one answered request if `answered`; 0 lets go of all. */
export async function hold(job: HoldJob): Promise<number> {
  if (job.count === 0) {
    for (const socket of held.splice(0)) socket.destroy();
    return 0;
  }
  for (let at = 0; at < job.count; at += 1) {
    const socket = connect({ port: job.port, host: '127.0.0.1' });
    socket.on('error', () => {});
    await once(socket, 'connect');
    held.push(socket);
    if (!job.answered) continue;
    socket.write(text(['GET /healthz HTTP/1.1', 'Host: a']));
    await once(socket, 'data');
  }
  return held.length;
}
