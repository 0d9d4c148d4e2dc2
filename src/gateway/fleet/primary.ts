/**
 * The primary process of a gateway with several workers. It serves nobody itself: it starts the workers, replaces one
 * that died, passes questions from one to all, and stops them together.
 */
import cluster, { type Worker } from 'node:cluster';
import { createServer, type Server } from 'node:net';
import type { Logger } from 'pino';
import { drainMs } from '../../contract/limits.ts';
import {
  collectMs,
  type FromPrimary,
  type FromWorker,
  gatewayIdVariable,
  workerGrpcPortVariable,
  workerPortVariable,
} from './messages.ts';
import type { ReportName, Reports } from './peers.ts';

export interface PrimaryOptions {
  readonly workers: number;
  readonly gatewayId: string;
  readonly host: string;
  /** 0 = a free one, also of `grpcPort`. */
  readonly port: number;
  readonly grpcPort: number;
  readonly log: Logger;
  /** A worker ended before all were serving: the gateway cannot start. */
  readonly onStartFailure: (sentence: string | undefined) => void;
}

/** The ports that all workers share. */
export interface Ports {
  readonly port: number;
  readonly grpcPort: number;
}

interface Collection {
  readonly reports: Reports[ReportName][];
  readonly missing: Set<Worker>;
  readonly finish: () => void;
}

/** A worker that died is replaced after this time, ms, doubled with every death that follows soon. */
const restartMsMin = 200;
const restartMsMax = 5_000;
/** A worker that lived this long has started well, ms. */
const soundLifeMs = 30_000;

export class Primary {
  private readonly options: PrimaryOptions;
  private readonly collections = new Map<number, Collection>();
  private readonly live = new Set<Worker>();
  private readonly serving = new Set<Worker>();
  private readonly restartMs = new Map<number, number>();
  private lastCollection = 0;
  private ports: Ports = { port: 0, grpcPort: 0 };
  private isStopping = false;
  private hasStarted = false;
  private onAllServing: () => void = () => {};
  private onAllGone: () => void = () => {};

  constructor(options: PrimaryOptions) {
    this.options = options;
  }

  /** Starts the workers; resolves with the ports once all serve. */
  async start(): Promise<Ports> {
    const { host, port, grpcPort, workers } = this.options;
    // All workers share one port each, also those started later: it is fixed before the first of them.
    const [free = 0, freeGrpc = 0] = await freePorts(host, 2);
    this.ports = { port: port || free, grpcPort: grpcPort || freeGrpc };
    const allServing = new Promise<void>((resolve) => {
      this.onAllServing = resolve;
    });
    for (let slot = 1; slot <= workers; slot += 1) this.fork(slot);
    await allServing;
    this.hasStarted = true;
    return this.ports;
  }

  /** Lets all workers drain; resolves when they are gone, at the latest after the longest drain, by force. */
  async stop(): Promise<void> {
    this.isStopping = true;
    const allGone = new Promise<void>((resolve) => {
      this.onAllGone = resolve;
    });
    for (const worker of this.live) tell(worker, { kind: 'drain' });
    if (this.live.size === 0) return;
    const timer = setTimeout(() => this.kill(), drainMs);
    await allGone;
    clearTimeout(timer);
  }

  /** Ends all workers at once. */
  kill(): void {
    this.isStopping = true;
    for (const worker of this.live) worker.process.kill('SIGKILL');
  }

  private fork(slot: number): void {
    const bornMs = performance.now();
    let failure: string | undefined;
    const worker = cluster.fork({
      [gatewayIdVariable]: this.options.gatewayId,
      [workerPortVariable]: String(this.ports.port),
      [workerGrpcPortVariable]: String(this.ports.grpcPort),
    });
    this.live.add(worker);
    worker.on('error', (error) =>
      this.options.log.warn({ err: error, worker: worker.id }, 'a worker cannot be told'),
    );
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'serving') this.noteServing(worker);
      if (message.kind === 'failed') failure = message.sentence;
      if (message.kind === 'collect') this.collect(worker, message.id, message.name);
      if (message.kind === 'report') this.noteReport(worker, message.id, message.report);
    });
    worker.on('exit', (code, signal) => {
      this.live.delete(worker);
      this.serving.delete(worker);
      for (const collection of this.collections.values()) settle(collection, worker);
      if (this.isStopping) {
        if (this.live.size === 0) this.onAllGone();
      } else if (!this.hasStarted) {
        this.kill();
        this.options.onStartFailure(failure);
      } else {
        this.options.log.error({ worker: worker.id, code, signal, failure }, 'a worker died and is replaced');
        this.replace(slot, performance.now() - bornMs);
      }
    });
  }

  private replace(slot: number, livedMs: number): void {
    const before = livedMs > soundLifeMs ? undefined : this.restartMs.get(slot);
    const delayMs = before === undefined ? restartMsMin : Math.min(before * 2, restartMsMax);
    this.restartMs.set(slot, delayMs);
    setTimeout(() => {
      if (!this.isStopping) this.fork(slot);
    }, delayMs);
  }

  private noteServing(worker: Worker): void {
    this.serving.add(worker);
    if (this.serving.size === this.options.workers) this.onAllServing();
  }

  /** Asks every worker that serves; those that are silent for a second are left out. */
  private collect(asker: Worker, askerId: number, name: ReportName): void {
    this.lastCollection += 1;
    const id = this.lastCollection;
    const asked = [...this.serving];
    const reports: Reports[ReportName][] = [];
    const finish = (): void => {
      if (!this.collections.delete(id)) return;
      clearTimeout(timer);
      tell(asker, { kind: 'collected', id: askerId, reports, workers: this.options.workers });
    };
    const timer = setTimeout(finish, collectMs);
    this.collections.set(id, { reports, missing: new Set(asked), finish });
    for (const worker of asked) tell(worker, { kind: 'ask', id, name });
    if (asked.length === 0) finish();
  }

  private noteReport(worker: Worker, id: number, report: Reports[ReportName]): void {
    const collection = this.collections.get(id);
    if (collection === undefined) return;
    collection.reports.push(report);
    settle(collection, worker);
  }
}

/** Notes that nothing more comes from a worker. */
function settle({ missing, finish }: Collection, worker: Worker): void {
  if (missing.delete(worker) && missing.size === 0) finish();
}

function tell(worker: Worker, message: FromPrimary): void {
  if (worker.isConnected()) worker.send(message);
}

/** So many ports that are free now, all different as they are held at once. */
async function freePorts(host: string, count: number): Promise<number[]> {
  const probes = await Promise.all(Array.from({ length: count }, () => openProbe(host)));
  const ports = probes.map((probe) => {
    const address = probe.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))));
  return ports;
}

function openProbe(host: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, host, () => resolve(probe));
  });
}
