/** Entry of the gateway: `node dist/gateway/main.js [--workers N] [--port P] [--print-config]`. */
import { createLine } from '../queue/line.ts';
import { runGateway } from './run.ts';

await runGateway({ argv: process.argv.slice(2), environment: process.env, buildLine: createLine });
