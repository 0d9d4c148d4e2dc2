/** A gateway from its command line to its exit code, as one process or as a primary with workers. */
import cluster from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Environment } from '../contract/config.ts';
import { maskSecrets } from '../contract/mask-secrets.ts';
import { RedisAccessError } from '../redis/access.ts';
import { type GatewayArgs, readArgs, usage } from './args.ts';
import { BackendFileError } from './backends/channel.ts';
import { type GatewayConfig, type LoadedConfig, loadConfig } from './config.ts';
import { gatewayIdVariable, workerGrpcPortVariable, workerPortVariable } from './fleet/messages.ts';
import { createLonePeers } from './fleet/peers.ts';
import { type Ports, Primary } from './fleet/primary.ts';
import { createWorkerPeers, processLink } from './fleet/worker-peers.ts';
import { GrpcListenError } from './grpc/server.ts';
import { createLogger } from './logger.ts';
import { type ServeOptions, type Serving, serve } from './serve.ts';

/** What a serving process is given, whatever its settings. */
type Parts = Pick<ServeOptions, 'buildLine' | 'rereadReservationTokenKeys'>;

export interface RunOptions extends Parts {
  /** Arguments without the runtime and the file. */
  readonly argv: readonly string[];
  readonly environment: Environment;
}

const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

/** Runs until a signal ends it; ends the process with 0, 1 (cannot serve) or 2 (settings or arguments). */
export async function runGateway({ argv, environment, ...parts }: RunOptions): Promise<void> {
  const args = readArgs(argv);
  const loaded = loadConfig(environment);
  const problems = [
    ...('problems' in args ? args.problems : []),
    ...('problems' in loaded ? loaded.problems : []),
  ];
  if ('problems' in args || 'problems' in loaded) {
    process.stderr.write(`tacos gateway cannot start:\n${problems.map((each) => `  ${each}\n`).join('')}`);
    process.exit(exitCodes.usage);
  } else if (args.help) {
    process.stdout.write(usage);
  } else if (args.printConfig) {
    process.stdout.write(configText(args, loaded));
  } else if (cluster.isWorker) {
    await runWorker(loaded, environment, parts);
  } else if (args.workers === 1) {
    await runAlone(args, loaded, parts);
  } else {
    await runPrimary(args, loaded);
  }
}

/** NAME=value lines, each with where the value comes from. */
function configText({ port, grpcPort }: GatewayArgs, { shown }: LoadedConfig): string {
  const given: Readonly<Record<string, number | undefined>> = {
    SERVER_PORT: port,
    SERVER_GRPC_PORT: grpcPort,
  };
  const lines = shown.map(({ name, text, source }) => {
    if (given[name] !== undefined) return `${name}=${given[name]}  # argument`;
    return `${name}=${text}  # ${text === '' ? 'not set' : source}`;
  });
  return `${lines.join('\n')}\n`;
}

async function runAlone(args: GatewayArgs, { config, warnings }: LoadedConfig, parts: Parts): Promise<void> {
  const gatewayId = newGatewayId();
  const workerId = `${gatewayId}/w1`;
  const log = createLogger({ level: config.logLevel, environmentName: config.environmentName, workerId });
  for (const warning of warnings) log.warn(warning);
  const ports = portsOf(args, config);
  try {
    const peers = createLonePeers();
    let serving: Serving | undefined;
    onStopSignals(async () => serving?.drain());
    serving = await serve({ config, ...ports, gatewayId, workerId, peers, log, ...parts });
    announce(config.host, serving);
  } catch (error) {
    giveUp(startFailure(error, config.host, ports));
  }
}

async function runWorker({ config }: LoadedConfig, environment: Environment, parts: Parts): Promise<void> {
  const gatewayId = environment[gatewayIdVariable] ?? '';
  const workerId = `${gatewayId}/w${cluster.worker?.id ?? 0}`;
  const ports = {
    port: Number(environment[workerPortVariable]),
    grpcPort: Number(environment[workerGrpcPortVariable]),
  };
  const log = createLogger({ level: config.logLevel, environmentName: config.environmentName, workerId });
  let serving: Serving | undefined;
  // Signals to the whole group, such as Ctrl-C, reach the primary too: it alone says when to stop.
  for (const signal of stopSignals) process.on(signal, () => {});
  processLink.onMessage((message) => {
    if (message.kind !== 'drain') return;
    if (serving === undefined) process.exit(exitCodes.done);
    void serving.drain().finally(() => process.exit(exitCodes.done));
  });
  try {
    const peers = createWorkerPeers(processLink);
    serving = await serve({ config, ...ports, gatewayId, workerId, peers, log, ...parts });
    processLink.send({ kind: 'serving' });
  } catch (error) {
    const sentence = startFailure(error, config.host, ports);
    // The exit waits until the primary has been told.
    process.send?.({ kind: 'failed', sentence }, undefined, undefined, () => process.exit(exitCodes.failed));
  }
}

async function runPrimary(args: GatewayArgs, { config, warnings }: LoadedConfig): Promise<void> {
  const gatewayId = newGatewayId();
  const { environmentName, host } = config;
  const log = createLogger({ level: config.logLevel, environmentName, workerId: gatewayId });
  for (const warning of warnings) log.warn(warning);
  const ports = portsOf(args, config);
  const primary = new Primary({
    workers: args.workers,
    gatewayId,
    host,
    ...ports,
    log,
    onStartFailure: (sentence) => giveUp(sentence ?? 'a worker ended before it could serve'),
  });
  onStopSignals(
    () => primary.stop(),
    () => primary.kill(),
  );
  try {
    announce(host, await primary.start());
  } catch (error) {
    giveUp(startFailure(error, host, ports));
  }
}

const newGatewayId = (): string => `${hostname()}-${process.pid}-${randomBytes(2).toString('hex')}`;

/** As asked for: 0 = a free one. */
const portsOf = (args: GatewayArgs, config: GatewayConfig): Ports => ({
  port: args.port ?? config.port,
  grpcPort: args.grpcPort ?? config.grpcPort,
});

/** The only lines on stdout. Whoever started the gateway waits for the last one, HTTP's. */
function announce(host: string, { port, grpcPort }: Ports): void {
  const name = host.includes(':') ? `[${host}]` : host;
  process.stdout.write(`listening grpc://${name}:${grpcPort}\nlistening http://${name}:${port}\n`);
}

const stopSignals = ['SIGINT', 'SIGTERM'] as const;
const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const;

/** The first signal stops gracefully; the second ends the process at once, as the signal alone would have. */
function onStopSignals(stop: () => Promise<void>, killNow: () => void = () => {}): void {
  let isStopping = false;
  for (const signal of stopSignals) {
    process.on(signal, () => {
      if (isStopping) {
        killNow();
        process.exit(128 + signalNumbers[signal]);
      }
      isStopping = true;
      stop().then(
        () => process.exit(exitCodes.done),
        (error: unknown) => giveUp(error instanceof Error ? error.message : String(error)),
      );
    });
  }
}

/** A sentence for the operator: why it cannot serve. */
function startFailure(error: unknown, host: string, ports: Ports): string {
  if (error instanceof RedisAccessError || error instanceof BackendFileError) return error.message;
  if (error instanceof GrpcListenError)
    return listenFailure(error.cause, host, ports.grpcPort, '--grpc-port or SERVER_GRPC_PORT');
  return listenFailure(error, host, ports.port, '--port or SERVER_PORT');
}

/** `settings` = where the port is chosen. */
function listenFailure(error: unknown, host: string, port: number, settings: string): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return `port ${port} of ${host} is in use: choose another by ${settings}`;
  if (code === 'EADDRNOTAVAIL') return `${host} is no address of this machine: see SERVER_HOST`;
  if (code === 'EACCES') return `port ${port} needs more rights: choose one above 1023 by ${settings}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function giveUp(sentence: string): never {
  process.stderr.write(`tacos gateway cannot serve: ${maskSecrets(sentence)}\n`);
  process.exit(exitCodes.failed);
}
