/** `tacos up`, `tacos gateway`, `tacos admin`: the processes themselves. */
import type { Command } from 'commander';
import type { Register } from '../../command.ts';
import { countFlag, numberFlag } from '../../flags.ts';
import type { UpFlags } from '../up/up.ts';

const port = numberFlag({ min: 0, max: 65_535, whole: true });

interface EntryFlags {
  readonly workers?: string;
  readonly port?: string;
  readonly grpcPort?: string;
  readonly printConfig?: boolean;
}

/** Flags of the process itself, which reads and checks them. */
const passedOn = ({ workers, port: http, grpcPort, printConfig }: EntryFlags): string[] => [
  ...(workers === undefined ? [] : [`--workers=${workers}`]),
  ...(http === undefined ? [] : [`--port=${http}`]),
  ...(grpcPort === undefined ? [] : [`--grpc-port=${grpcPort}`]),
  ...(printConfig === true ? ['--print-config'] : []),
];

/** Adds the commands. */
export function processCommands(program: Command, add: Register): void {
  const up = add(program, 'up', {
    summary: 'everything on this machine: Redis, gateway, admin API, visitors',
    examples: [
      'tacos up',
      'tacos up --headless --visitors 0 --gateway-port 0 --admin-port 0',
      'tacos up --for 30s',
    ],
    group: 'Processes:',
    load: async () => {
      const { up: run } = await import('../up/up.ts');
      return (cli, _args, flags) => run(cli, flags as UpFlags);
    },
  });
  up.option('--headless', 'no screen: one line when ready, then silence')
    .option('--visitors <N>', 'simulated visitors in the line', countFlag({ min: 0, max: 1_000_000 }), 3_000)
    .option('--gateway-port <P>', 'visitor API, 0 = a free port', port, 8_000)
    .option('--admin-port <Q>', 'admin API, 0 = a free port', port, 8_002)
    .option(
      '--grpc-port <G>',
      'gRPC, 0 = a free port (default: 8001, with --gateway-port 0 a free one)',
      port,
    )
    .option('--data-dir <D>', 'where it keeps its data')
    .option('--workers <N>', 'gateway workers', numberFlag({ min: 1, max: 256, whole: true }))
    .option('--for <D>', 'stop after this time');

  for (const [name, program_, what] of [
    ['gateway', 'gateway', 'the visitor API'],
    ['admin', 'admin-api', 'the admin API'],
  ] as const) {
    const command = add(program, `${name} [ARGS...]`, {
      summary: `run ${what}; settings come from the environment`,
      examples: [`tacos ${name}`, `tacos ${name} --print-config`],
      group: 'Processes:',
      load: async () => {
        const { runEntry } = await import('./run-entry.ts');
        return (cli, args, flags) => runEntry(cli, program_, [...passedOn(flags as EntryFlags), ...args]);
      },
    });
    if (name === 'gateway') {
      command
        .option('--workers <N>', 'worker processes (default: one a core)')
        .option('--port <P>', 'port to listen on, 0 = a free one (default: SERVER_PORT)')
        .option('--grpc-port <P>', 'the same for gRPC (default: SERVER_GRPC_PORT)');
    }
    command
      .option('--print-config', 'show the settings in force, secrets masked, and exit')
      .allowUnknownOption()
      .allowExcessArguments();
  }
}
