/** `tacos doctor` as the command line knows it. */
import type { Command } from 'commander';
import type { Register } from '../../command.ts';

/** Adds the command. */
export function doctorCommands(program: Command, add: Register): void {
  const doctor = add(program, 'doctor [EVT]', {
    summary: 'what is wrong, the cause first, with the command that ends it',
    examples: [
      'tacos doctor',
      'tacos doctor evt_demo',
      'tacos doctor evt_demo --only paused redis-memory --strict',
      'tacos doctor evt_demo --bundle doctor.json',
    ],
    group: 'Looking after it:',
    load: async () => {
      const { doctor: run } = await import('./doctor.ts');
      return (cli, [event], flags) => run(cli, event, flags);
    },
  });
  doctor
    .option('--only <CHECK...>', 'these checks')
    .option('--strict', 'exit 10 on warnings too')
    .option('--bundle <FILE>', 'write what was found, with snapshots and the audit trail, for support');
}
