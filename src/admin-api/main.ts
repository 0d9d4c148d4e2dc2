/** Entry of the admin API: reads the environment, listens, and stops gracefully on SIGTERM or SIGINT. */
import { hostname } from 'node:os';
import project from '../../package.json' with { type: 'json' };
import { createDesk } from '../queue/desk/desk.ts';
import { redisAddress } from '../redis/access.ts';
import { openAutoscaler } from './cluster/autoscaler.ts';
import { openLoadRunner } from './cluster/load-runner.ts';
import { loadConfig } from './config.ts';
import { createLogger } from './logger.ts';
import { printConfig, startFailure } from './says.ts';
import { type AdminServer, startServer } from './server.ts';

/** A stop that has not finished by then is forced, ms. */
const stopMs = 10_000;

const loaded = loadConfig(process.env);
if (process.argv.includes('--print-config')) process.stdout.write(printConfig(loaded.shown));
if ('problems' in loaded) {
  for (const problem of loaded.problems) process.stderr.write(`error: ${problem}\n`);
  process.exit(2);
}
if (process.argv.includes('--print-config')) process.exit(0);
const { config } = loaded;

const log = createLogger({
  level: config.logLevel,
  environmentName: config.environmentName,
  worker: `admin-${hostname()}-${process.pid}`,
});
if (loaded.shown.some(({ name, source }) => name === 'WAITING_TOKEN_KEYS' && source === 'default')) {
  log.warn('WAITING_TOKEN_KEYS is not set: visitors are named by a public development key');
}
let server: AdminServer | undefined;
const redis = await redisAddress(config.redis).catch((error: unknown) => {
  process.stderr.write(`error: ${startFailure(error, config.listen)}\n`);
  process.exit(1);
});
/** What a variable asks for, or the end where the kubeconfig cannot be used. */
const opened = <T>(variable: string, opening: Promise<T>): Promise<T> =>
  opening.catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    process.stderr.write(`error: ${variable}: ${why}\n`);
    process.exit(2);
  });
const autoscaler = config.cluster && (await opened('KUBE_HPA', openAutoscaler(config.cluster)));
const loadRunner =
  config.loadtests && (await opened('KUBE_LOADTEST_NAMESPACE', openLoadRunner(config.loadtests)));
const desk = await createDesk({
  redis,
  ...(autoscaler === undefined ? {} : { autoscaler }),
  ...(loadRunner === undefined ? {} : { loadRunner }),
  waitingTokenKeys: config.waitingTokenKeys,
  environment: {
    isProtected: config.isProtected,
    ...(config.budgetPerSec === undefined ? {} : { defaultBudgetPerSec: config.budgetPerSec }),
  },
  timeZone: config.timeZone,
  outside: () => {
    const endsAt = server?.facts().certificateEndsAt ?? null;
    return { certificateEndsAtMs: endsAt === null ? null : Date.parse(endsAt), keyEndsAtMs: null, hpa: null };
  },
  log,
});

let isStopping = false;
const stop = async (signal: string): Promise<void> => {
  if (isStopping) return;
  isStopping = true;
  log.info({ signal }, 'stopping');
  setTimeout(() => process.exit(1), stopMs).unref();
  await server?.stop();
  await desk.close();
  process.exit(0);
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);

try {
  server = await startServer({ config, desk, version: project.version, log });
  process.stdout.write(`listening ${server.address}\n`);
} catch (error) {
  process.stderr.write(`error: ${startFailure(error, config.listen)}\n`);
  process.exit(1);
}
