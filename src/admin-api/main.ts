/** Entry of the admin API: reads the environment, listens, and stops gracefully on SIGTERM or SIGINT. */
import { pino } from 'pino';
import project from '../../package.json' with { type: 'json' };
import { createDesk } from '../queue/desk.ts';
import { buildApp } from './app.ts';
import { parseTokens } from './auth.ts';
import { listenAddress, printableConfig, readConfig } from './config.ts';

/** A stop that has not finished by then is forced, ms. */
const stopMs = 10_000;

const read = readConfig(process.env);
if ('problems' in read) {
  for (const problem of read.problems) process.stderr.write(`error: ${problem}\n`);
  process.exit(2);
}
const { config } = read;
if (process.argv.includes('--print-config')) {
  process.stdout.write(printableConfig(config));
  process.exit(0);
}

const log = pino(
  { level: config.LOG_LEVEL, base: { pid: process.pid } },
  pino.destination({ fd: 2, sync: true }),
);
const desk = await createDesk(deskOptions());
const app = await buildApp({
  desk,
  tokens: parseTokens(config.ADMIN_TOKENS).tokens,
  version: project.version,
  environment: config.ENVIRONMENT_NAME ?? config.SERVER_ENVIRONMENT,
  log,
});

let isStopping = false;
const stop = async (signal: string): Promise<void> => {
  if (isStopping) return;
  isStopping = true;
  log.info({ signal }, 'stopping');
  setTimeout(() => process.exit(1), stopMs).unref();
  await app.close();
  await desk.close();
  process.exit(0);
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);

try {
  const address = await app.listen(listenAddress(config.ADMIN_ADDRESS));
  process.stdout.write(`listening ${address}\n`);
} catch (error) {
  process.stderr.write(`error: ADMIN_ADDRESS=${config.ADMIN_ADDRESS}: ${(error as Error).message}\n`);
  process.exit(1);
}

function deskOptions(): Parameters<typeof createDesk>[0] {
  return { env: process.env, log } as never;
}
