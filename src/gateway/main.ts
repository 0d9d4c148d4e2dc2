/** Entry of the gateway: `node dist/gateway/main.js [--workers N] [--port P] [--print-config]`. */
import { createLine } from '../queue/line.ts';
import { keyFileReader } from './key-files.ts';
import { runGateway } from './run.ts';

const rereadWaitingTokenKeys = keyFileReader(process.env, 'WAITING_TOKEN_KEYS');
const rereadReservationTokenKeys = keyFileReader(process.env, 'RESERVATION_TOKEN_KEYS');

await runGateway({
  argv: process.argv.slice(2),
  environment: process.env,
  buildLine: (options) =>
    createLine({ ...options, ...(rereadWaitingTokenKeys ? { rereadWaitingTokenKeys } : {}) }),
  ...(rereadReservationTokenKeys ? { rereadReservationTokenKeys } : {}),
});
