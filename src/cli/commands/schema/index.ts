/** `tacos schema` as the command line knows it. */
import type { Command } from 'commander';
import type { Register } from '../../command.ts';

/** Adds the command. */
export function schemaCommands(program: Command, add: Register): void {
  add(program, 'schema [KIND]', {
    summary: 'JSON Schema of what -o json prints; without KIND, the kinds',
    examples: ['tacos schema', 'tacos schema QueueSnapshot', 'tacos schema -o json | jq -r .items[].kind'],
    group: 'Help:',
    load: async () => {
      const { schema } = await import('./schema.ts');
      return (cli, [kind]) => schema(cli, kind);
    },
  });
}
