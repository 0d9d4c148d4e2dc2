/**
 * The crowd: thousands of visitors on a connection each, who ask at the pace that is wanted of them whatever becomes of
 * it. A visitor whose turn comes while the last answer is still out misses it; it counts as offered all the same.
 */
import { numberIn, seqOf, textIn } from './answers.ts';
import { answerWith } from './child.ts';
import type { Ask, CrowdJob, CrowdReply, CrowdRunJob, GatherJob, Stretch } from './crowd-jobs.ts';
import { Tally } from './crowd-tally.ts';
import { Visitor } from './crowd-visitor.ts';
import { cpuMs } from './proc-usage.ts';

const tickMs = 2;
const lastWordMs = 3_000;
const joiningAtOnce = 64;

/** Who came for one event. */
interface Crowd {
  readonly visitors: Visitor[];
  /** Tokens of those who joined before them, front first. */
  readonly enterers: string[];
  /** Whose turn it is. */
  turn: number;
}

const crowds = new Map<string, Crowd>();
/** Ends the job that is under way, as no connection may fail. */
let fail: (error: Error) => void = () => {};

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Connects the visitors, and has everybody join; those in front will enter. */
async function gather(job: GatherJob): Promise<CrowdReply> {
  const first = [...crowds.values()].reduce((sum, { visitors }) => sum + visitors.length, 0);
  const visitors: Visitor[] = [];
  const tokens: string[] = [];
  const join = async (visitor: Visitor): Promise<void> => {
    for (;;) {
      const answer = await visitor.ask(post('join', `{"event_id":"${job.event}"}`));
      const token = textIn(answer, '"waiting_token":"');
      if (token !== '') {
        tokens.push(token);
        return;
      }
      if (!answer.includes('"code":"OVERLOADED"')) throw new Error(`a join was refused: ${answer}`);
      // Other programs have the machine; that is not what is measured here.
      await sleep(1_000);
    }
  };
  while (visitors.length < job.visitors) {
    const more = Math.min(joiningAtOnce, job.visitors - visitors.length);
    const some = Array.from({ length: more }, (_, at) => {
      const number = first + visitors.length + at;
      return new Visitor({ number, port: job.port, onError: (error) => fail(error) });
    });
    // A connection on which nothing comes is soon closed.
    await Promise.all(some.map((visitor) => visitor.connected().then(() => join(visitor))));
    visitors.push(...some);
  }
  let left = job.enterers;
  const joinOthers = async (visitor: Visitor): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await join(visitor);
    }
  };
  await Promise.all(visitors.slice(0, joiningAtOnce).map(joinOthers));
  tokens.sort((one, other) => seqOf(one) - seqOf(other));
  const enterers = tokens.splice(0, job.enterers);
  for (const [at, visitor] of visitors.entries()) visitor.token = tokens[at] ?? '';
  crowds.set(job.event, { visitors, enterers, turn: 0 });
  return { stretches: [] };
}

const head = 'Host: 127.0.0.1\r\nUser-Agent: tacos-bench\r\nAccept: */*\r\n';

const post = (path: string, body: string): string =>
  `POST /api/v1/queue/${path} HTTP/1.1\r\n${head}Content-Type: application/json\r\n` +
  `Content-Length: ${body.length}\r\n\r\n${body}`;

function requestOf(ask: Ask, { event, token }: { event: string; token: string }): string {
  if (ask === 'join') return post('join', `{"event_id":"${event}"}`);
  if (ask === 'enter') return post('enter', JSON.stringify({ waiting_token: token }));
  return `GET /api/v1/queue/status?token=${token} HTTP/1.1\r\n${head}\r\n`;
}

function askOf({ mix }: Stretch): Ask {
  const at = Math.random();
  if (at < mix.join) return 'join';
  return at < mix.join + mix.enter ? 'enter' : 'status';
}

/** Has a visitor ask something, and counts what becomes of it. */
function ask(visitor: Visitor, crowd: Crowd, tally: Tally, onDone?: () => void): void {
  const { event } = tally.stretch;
  let kind = askOf(tally.stretch);
  const front = kind === 'enter' ? crowd.enterers.shift() : undefined;
  if (kind === 'enter' && front === undefined) kind = 'status';
  // Who asks again at once would ask more often than one place may: each request is for the next place.
  const place = tally.stretch.closed === undefined ? visitor : nextOf(crowd);
  const token = front ?? place.token;
  visitor.onAnswer = (status, answer) => {
    const { sentMs } = visitor;
    visitor.sentMs = 0;
    if (status === 503 && answer.includes('"code":"OVERLOADED"')) {
      const retrySec = numberIn(answer, '\r\nretry-after: ');
      visitor.notBeforeMs = performance.now() + retrySec * 1000;
      tally.refusedAfter(kind, sentMs, retrySec);
      if (front !== undefined) crowd.enterers.unshift(front);
      if (!(retrySec >= 1)) tally.wrongWith(answer);
    } else if (status === 503) tally.failed += 1;
    else if (isRight(kind, status, answer)) tally.answered(kind, sentMs);
    else tally.wrongWith(answer);
    onDone?.();
  };
  visitor.send(requestOf(kind, { event, token }));
}

function nextOf(crowd: Crowd): Visitor {
  crowd.turn = (crowd.turn + 1) % crowd.visitors.length;
  return crowd.visitors[crowd.turn] as Visitor;
}

function isRight(kind: Ask, status: number, answer: string): boolean {
  if (kind === 'join') return status === 202 && answer.includes('"waiting_token":"');
  if (kind === 'enter') return status === 200 && answer.includes('"reservation_token":"');
  return status === 200 && answer.includes('"position":');
}

/** Turns come evenly, visitor after visitor, whatever became of the turns before. */
async function openLoop(crowd: Crowd, tally: Tally, isPolite: boolean): Promise<void> {
  const { perSec = 0, sec } = tally.stretch;
  for (;;) {
    const now = performance.now();
    const due = Math.floor(perSec * Math.min(sec, (now - tally.startedMs) / 1000));
    while (tally.offered < due) {
      const visitor = nextOf(crowd);
      tally.offered += 1;
      if (visitor.sentMs === 0 && !(isPolite && now < visitor.notBeforeMs)) ask(visitor, crowd, tally);
    }
    if (now - tally.startedMs >= sec * 1000) return;
    await sleep(tickMs);
  }
}

async function closedLoop(crowd: Crowd, tally: Tally): Promise<void> {
  const { closed = 0, sec } = tally.stretch;
  const endMs = tally.startedMs + sec * 1000;
  const again = (visitor: Visitor): void => {
    if (performance.now() >= endMs) return;
    tally.offered += 1;
    ask(visitor, crowd, tally, () => again(visitor));
  };
  for (const visitor of crowd.visitors.slice(0, closed)) if (visitor.sentMs === 0) again(visitor);
  await sleep(sec * 1000);
}

async function run(job: CrowdRunJob): Promise<CrowdReply> {
  globalThis.gc?.();
  const tallies = new Map<Stretch, Tally>();
  const atEvent = async (event: string): Promise<void> => {
    const crowd = crowds.get(event);
    if (crowd === undefined) throw new Error(`nobody came to ${event}`);
    for (const stretch of job.stretches.filter((one) => one.event === event)) {
      const tally = new Tally(stretch, job.deadlineMs);
      tallies.set(stretch, tally);
      const before = cpuMs(job.gateway);
      if (stretch.closed === undefined) await openLoop(crowd, tally, job.isPolite);
      else await closedLoop(crowd, tally);
      tally.gatewayMs = cpuMs(job.gateway) - before;
    }
    await lastWord(crowd);
  };
  await Promise.all([...new Set(job.stretches.map(({ event }) => event))].map(atEvent));
  return { stretches: job.stretches.map((stretch) => (tallies.get(stretch) as Tally).result()) };
}

/** Answers that are still out may come. */
async function lastWord({ visitors }: Crowd): Promise<void> {
  const endMs = performance.now() + lastWordMs;
  while (performance.now() < endMs && visitors.some(({ sentMs }) => sentMs > 0)) await sleep(10);
}

answerWith((job: CrowdJob): Promise<CrowdReply> => {
  const broken = new Promise<never>((_, reject) => {
    fail = reject;
  });
  return Promise.race([job.kind === 'gather' ? gather(job) : run(job), broken]);
});
