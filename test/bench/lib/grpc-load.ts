/** Calls of QueueService, several under way on each connection: what a service in front of many visitors sends. */
import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { build } from 'hdr-histogram-js';
import type { QueueServiceClient } from '../../../generated/proto/gateway/v1/QueueService.ts';
import { protos } from '../../../src/grpc/protos.ts';
import type { GrpcJob, LoadResult } from './load-jobs.ts';

/** Event to the tokens joined here; index = seq - 1. */
const tokensOf = new Map<string, string[]>();
const perConnection = 16;

type Done = (problem: string | undefined) => void;
type Ask = (client: QueueServiceClient, request: number, done: Done) => void;

/** Does the job and checks every answer, as the calls over HTTP are checked. */
export async function callGrpc(job: GrpcJob): Promise<LoadResult> {
  const line = tokensOf.get(job.event) ?? [];
  tokensOf.set(job.event, line);
  const before = line.length;
  const result = await run(job, job.kind === 'grpc-join' ? join(job, line) : poll(line));
  const places = line.filter((token) => token !== undefined).length;
  const isWhole = job.kind === 'grpc-poll' || places === before + job.count;
  return isWhole
    ? { ...result, tokens: places }
    : { ...result, tokens: places, wrong: result.wrong + 1, examples: [`${places} places`] };
}

const join =
  ({ event }: GrpcJob, line: string[]): Ask =>
  (client, request, done) => {
    const metadata = new Metadata();
    metadata.set('x-forwarded-for', addressOf(request));
    client.joinQueue({ eventId: event }, metadata, (error: ServiceError | null, answer) => {
      const hint = answer?.positionHint ?? 0;
      if (error || hint === 0) done(`join: ${error?.message ?? JSON.stringify(answer)}`);
      else {
        line[hint - 1] = answer?.waitingToken ?? '';
        done(undefined);
      }
    });
  };

const poll =
  (line: readonly string[]): Ask =>
  (client, request, done) => {
    // Any whole number that shares no divisor with the usual lengths of a line.
    const seq = ((request * 7_919) % line.length) + 1;
    const metadata = new Metadata();
    metadata.set('x-forwarded-for', addressOf(seq));
    const waitingToken = line[seq - 1] ?? '';
    client.getQueueStatus({ waitingToken }, metadata, (error: ServiceError | null, answer) => {
      const isRight = !error && answer?.position === seq;
      done(isRight ? undefined : `poll of place ${seq}: ${error?.message ?? JSON.stringify(answer)}`);
    });
  };

/** A loopback address of the visitor's own, as the HTTP load has them. */
const addressOf = (visitor: number): string =>
  `10.${(visitor >> 16) & 255}.${(visitor >> 8) & 255}.${visitor & 255}`;

async function run(job: GrpcJob, ask: Ask): Promise<LoadResult> {
  const clients = Array.from({ length: job.connections }, () => {
    const options = { 'grpc.use_local_subchannel_pool': 1 };
    return new (protos().gateway.QueueService)(
      `127.0.0.1:${job.port}`,
      credentials.createInsecure(),
      options,
    );
  });
  const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000 });
  const examples: string[] = [];
  let [sent, wrong] = [0, 0];
  globalThis.gc?.();
  const startedMs = performance.now();
  const cpuBefore = process.cpuUsage();
  const lane = async (client: QueueServiceClient): Promise<void> => {
    while (sent < job.count) {
      const request = sent;
      sent += 1;
      const sentMs = performance.now();
      const problem = await new Promise<string | undefined>((resolve) => ask(client, request, resolve));
      histogram.recordValue(Math.max(1, Math.round((performance.now() - sentMs) * 1000)));
      if (problem === undefined) continue;
      wrong += 1;
      if (examples.length < 5) examples.push(problem.slice(0, 300));
    }
  };
  await Promise.all(clients.flatMap((each) => Array.from({ length: perConnection }, () => lane(each))));
  const wallMs = performance.now() - startedMs;
  const cpu = process.cpuUsage(cpuBefore);
  for (const each of clients) each.close();
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / 1000;
  const latency = { p50Ms: at(50), p99Ms: at(99), maxMs: at(100) };
  const cpuMs = (cpu.user + cpu.system) / 1000;
  return { count: job.count, wallMs, cpuMs, latency, tokens: 0, wrong, examples };
}
