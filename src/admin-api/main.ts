/** Entry of the admin API: reads the environment, listens, and stops gracefully on SIGTERM or SIGINT. */
import { pino } from 'pino';
import project from '../../package.json' with { type: 'json' };
import { createDesk } from '../queue/desk.ts';
import { buildApp } from './app.ts';
import { loadConfig } from './config.ts';

/** A stop that has not finished by then is forced, ms. */
const stopMs = 10_000;

const loaded = loadConfig(process.env);
if ('problems' in loaded) {
  for (const problem of loaded.problems) process.stderr.write(`error: ${problem}\n`);
  process.exit(2);
}
const { config } = loaded;
if (process.argv.includes('--print-config')) {
  for (const { name, text, source } of loaded.shown) process.stdout.write(`${name}=${text}  # ${source}\n`);
  process.exit(0);
}

const log = pino(
  { level: config.logLevel, base: { pid: process.pid } },
  pino.destination({ fd: 2, sync: true }),
);
const desk = await createDesk({
  redis: config.redis,
  signingKid: config.signingKid,
  timeZone: config.timeZone,
  log,
});
const app = await buildApp({
  desk,
  tokens: config.tokens,
  version: project.version,
  environment: config.environmentName,
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
  const address = await app.listen(config.listen);
  process.stdout.write(`listening ${address}\n`);
} catch (error) {
  process.stderr.write(
    `error: cannot listen at ${config.listen.host}:${config.listen.port}: ${(error as Error).message}\n`,
  );
  process.exit(1);
}
