/** Entry of the gateway: `node dist/gateway/main.js [--workers N] [--port P] [--print-config]`. */
import type { NamedKey } from '../queue/keyring.ts';
import { createLine } from '../queue/line.ts';
import { loadConfig } from './config.ts';
import { runGateway } from './run.ts';

/** The keys as their file has them now. @throws Error with all that is wrong with the settings */
function rereadWaitingTokenKeys(): readonly NamedKey[] {
  const loaded = loadConfig(process.env);
  if ('problems' in loaded) throw new Error(loaded.problems.join('; '));
  return loaded.config.waitingTokenKeys;
}

const rereading = process.env.WAITING_TOKEN_KEYS_FILE ? { rereadWaitingTokenKeys } : {};

await runGateway({
  argv: process.argv.slice(2),
  environment: process.env,
  buildLine: (options) => createLine({ ...options, ...rereading }),
});
