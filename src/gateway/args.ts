/** The gateway's command line. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

export interface GatewayArgs {
  readonly workers: number;
  /** Instead of SERVER_PORT. */
  readonly port?: number;
  /** Instead of SERVER_GRPC_PORT. */
  readonly grpcPort?: number;
  readonly printConfig: boolean;
  readonly help: boolean;
}

export const usage = `usage: tacos gateway [--workers N] [--port P] [--grpc-port P] [--print-config]

  --workers N      worker processes; default one a core
  --port P         port to listen on, 0 = a free one; default SERVER_PORT
  --grpc-port P    the same for gRPC; default SERVER_GRPC_PORT
  --print-config   show the settings in force, secrets masked, and exit
`;

const workersMax = 256;
const portMax = 65_535;

type NumberFlag = 'workers' | 'port' | 'grpc-port';

/** Reads the arguments, or says all that is wrong with them. */
export function readArgs(argv: readonly string[]): GatewayArgs | { readonly problems: readonly string[] } {
  let values: Partial<Record<NumberFlag, string>> & { 'print-config'?: boolean; help?: boolean };
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: {
        workers: { type: 'string' },
        port: { type: 'string' },
        'grpc-port': { type: 'string' },
        'print-config': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    return { problems: [error instanceof Error ? error.message : String(error)] };
  }
  const problems: string[] = [];
  const read = (name: NumberFlag, min: number, max: number): number | undefined => {
    const text = values[name];
    if (text === undefined) return undefined;
    const number = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= min && number <= max) return number;
    problems.push(`--${name} is ${JSON.stringify(text)}: it must be a whole number, ${min} to ${max}`);
    return undefined;
  };
  const workers = read('workers', 1, workersMax) ?? availableParallelism();
  const port = read('port', 0, portMax);
  const grpcPort = read('grpc-port', 0, portMax);
  if (problems.length > 0) return { problems };
  const { 'print-config': printConfig = false, help = false } = values;
  return {
    workers,
    printConfig,
    help,
    ...(port === undefined ? {} : { port }),
    ...(grpcPort === undefined ? {} : { grpcPort }),
  };
}
