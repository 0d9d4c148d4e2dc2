/**
 * The load: a process of its own, so that what it costs is neither the gateway's nor the bench's. Takes jobs over IPC,
 * keeps the tokens of all who joined, and checks every answer against what it must be in a line that nobody leaves.
 */
import { randomBytes } from 'node:crypto';
import { build, type Histogram } from 'hdr-histogram-js';
import { ReservationKeys } from '../../../src/queue/reservation-token.ts';
import { seatMap } from '../../../src/simulator/backends/seat-map.ts';
import { numberIn, seqOf, textIn } from './answers.ts';
import { attackLoad, hold } from './attack-load.ts';
import { answerWith } from './child.ts';
import { passKey } from './gateway-process.ts';
import { callGrpc } from './grpc-load.ts';
import { jwtsOf } from './jwt-maker.ts';
import type { EnterJob, JoinJob, LoadJob, LoadResult, PollJob, ReserveJob } from './load-jobs.ts';
import { Lane } from './load-lane.ts';
import { enterRequest, joinRequest, pollRequest, reserveRequest } from './load-requests.ts';

const examplesMax = 5;

/** Event to its tokens; index = seq - 1. */
const tokensOf = new Map<string, string[]>();

/** What is wrong with an answer; undefined = it is right. */
type Check = (request: number, status: number, body: string) => string | undefined;

class Run {
  private readonly requests: Buffer[];
  private readonly check: Check;
  private readonly histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  });
  private readonly examples: string[] = [];
  private sent = 0;
  private answered = 0;
  private wrong = 0;

  constructor(requests: Buffer[], check: Check) {
    this.requests = requests;
    this.check = check;
  }

  async start(port: number, connections: number): Promise<Omit<LoadResult, 'tokens'>> {
    let fail: (error: Error) => void = () => {};
    let finish: () => void = () => {};
    const finished = new Promise<void>((resolve, reject) => {
      finish = resolve;
      fail = reject;
    });
    const lanes = Array.from({ length: Math.min(connections, this.requests.length) }, () => {
      const lane: Lane = new Lane({
        port,
        next: () => this.next(lane),
        onAnswer: (...answer) => this.take(finish, ...answer),
        onError: fail,
      });
      return lane;
    });
    await Promise.race([Promise.all(lanes.map((lane) => lane.connected())), finished]);
    globalThis.gc?.();
    const startedMs = performance.now();
    const cpuBefore = process.cpuUsage();
    for (const lane of lanes) lane.send();
    await finished;
    const wallMs = performance.now() - startedMs;
    const cpu = process.cpuUsage(cpuBefore);
    const at = (percentile: number): number => this.histogram.getValueAtPercentile(percentile) / 1000;
    return {
      count: this.answered,
      wallMs,
      cpuMs: (cpu.user + cpu.system) / 1000,
      sentBytes: lanes.reduce((sum, lane) => sum + lane.sentBytes, 0),
      receivedBytes: lanes.reduce((sum, lane) => sum + lane.receivedBytes, 0),
      latency: { p50Ms: at(50), p99Ms: at(99), maxMs: at(100) },
      wrong: this.wrong,
      examples: this.examples,
    };
  }

  private next(lane: Lane): Buffer | undefined {
    lane.request = this.sent < this.requests.length ? this.sent : -1;
    if (lane.request < 0) return undefined;
    this.sent += 1;
    lane.sentUs = performance.now() * 1000;
    return this.requests[lane.request];
  }

  private take(finish: () => void, lane: Lane, status: number, body: string): void {
    this.histogram.recordValue(Math.max(1, Math.round(performance.now() * 1000 - lane.sentUs)));
    this.report(this.check(lane.request, status, body));
    this.answered += 1;
    if (this.answered === this.requests.length) finish();
  }

  private report(problem: string | undefined): void {
    if (problem === undefined) return;
    this.wrong += 1;
    if (this.examples.length < examplesMax) this.examples.push(problem.slice(0, 300));
  }
}

async function join(job: JoinJob): Promise<LoadResult> {
  const salt = randomBytes(4).toString('hex');
  const jwts = jwtsOf(job);
  const requests = Array.from({ length: job.count }, (_, visitor) =>
    joinRequest(job, visitor, salt, jwts?.[visitor]),
  );
  const tokens: string[] = [];
  const hints: number[] = [];
  const run = new Run(requests, (_, status, body) => {
    const token = textIn(body, '"waiting_token":"');
    if (status !== 202 || token === '') return `join: ${status} ${body}`;
    tokens.push(token);
    hints.push(numberIn(body, '"position_hint":'));
    return undefined;
  });
  const result = await run.start(job.port, job.connections);
  const problems = keep(job.event, tokens, hints);
  return {
    ...result,
    tokens: tokens.length,
    wrong: result.wrong + problems.length,
    examples: [...result.examples, ...problems].slice(0, examplesMax),
  };
}

/** Files the tokens under their seq. Nobody leaves, so each hint is the seq, and the seqs have no gap. */
function keep(event: string, tokens: readonly string[], hints: readonly number[]): string[] {
  const line = tokensOf.get(event) ?? [];
  const before = line.length;
  tokensOf.set(event, line);
  const problems: string[] = [];
  for (const [index, token] of tokens.entries()) {
    const seq = seqOf(token);
    if (hints[index] !== seq) problems.push(`join: place ${seq} was told position ${hints[index]}`);
    if (line[seq - 1] !== undefined) problems.push(`join: place ${seq} was given twice`);
    line[seq - 1] = token;
  }
  if (line.length !== before + tokens.length)
    problems.push(`join: ${tokens.length} joins made ${line.length - before} places`);
  return problems;
}

async function poll(job: PollJob): Promise<LoadResult> {
  const line = tokensOf.get(job.event) ?? [];
  const stride = strideOf(line.length);
  const seqs = Array.from({ length: job.count }, (_, index) => ((index * stride) % line.length) + 1);
  const requests = seqs.map((seq) => pollRequest(line[seq - 1] ?? '', seq));
  const run = new Run(requests, (request, status, body) => {
    const position = numberIn(body, '"position":');
    if (status === 200 && position === seqs[request]) return undefined;
    return `poll of place ${seqs[request]}: ${status} ${body}`;
  });
  const result = await run.start(job.port, job.connections);
  return { ...result, tokens: Math.min(job.count, line.length) };
}

/** A step that visits every place once and jumps about: near the golden section, with no divisor of the length. */
function strideOf(length: number): number {
  const common = (a: number, b: number): number => (b === 0 ? a : common(b, a % b));
  let stride = Math.max(1, Math.floor(length * 0.618));
  while (common(stride, length) !== 1) stride += 1;
  return stride;
}

/** From the front on, in order, so that each is let in. */
async function enter(job: EnterJob): Promise<LoadResult> {
  const line = tokensOf.get(job.event) ?? [];
  const requests = line.slice(0, job.count).map((token, index) => enterRequest(job, token, index));
  const run = new Run(requests, (request, status, body) =>
    status === 200 && textIn(body, '"reservation_token":"') !== ''
      ? undefined
      : `enter of place ${request + 1}: ${status} ${body}`,
  );
  return { ...(await run.start(job.port, job.connections)), tokens: requests.length };
}

async function reserve(job: ReserveJob): Promise<LoadResult> {
  const salt = randomBytes(4).toString('hex');
  const keys = new ReservationKeys([{ kid: passKey.kid, secret: Buffer.from(job.passSeed, 'hex') }]);
  const grantedMs = Date.now();
  const requests = await Promise.all(
    seatMap(job.count).map(async ({ id }, number) => {
      const subject = `${salt}-${number}`;
      const passId = `pass-${salt}-${String(number).padStart(8, '0')}`;
      const pass = await keys.sign({ event: job.event, subject, passId, grantedMs });
      return reserveRequest(job, { number, subject, seat: id, pass });
    }),
  );
  const run = new Run(requests, (_, status, body) =>
    status === 201 && textIn(body, '"reservation_id":"') !== '' ? undefined : `reserve: ${status} ${body}`,
  );
  return { ...(await run.start(job.port, job.connections)), tokens: job.count };
}

const nothing: LoadResult = {
  count: 0,
  wallMs: 0,
  cpuMs: 0,
  latency: { p50Ms: 0, p99Ms: 0, maxMs: 0 },
  tokens: 0,
  wrong: 0,
  examples: [],
};

function workOf(job: LoadJob): Promise<LoadResult> {
  if (job.kind === 'join') return join(job);
  if (job.kind === 'poll') return poll(job);
  if (job.kind === 'enter') return enter(job);
  if (job.kind === 'attack') {
    return attackLoad(job, tokensOf.get(job.event) ?? [], (requests, check) =>
      new Run(requests, check).start(job.port, job.connections),
    );
  }
  if (job.kind === 'hold') return hold(job).then((count) => ({ ...nothing, count }));
  return job.kind === 'reserve' ? reserve(job) : callGrpc(job);
}

answerWith(workOf);
