/** `tacos config …` as the command line knows it. */
import type { Command } from 'commander';
import type { Register } from '../../command.ts';

/** Adds the group. */
export function configCommands(program: Command, add: Register): void {
  const config = program.command('config').description('settings of tacos itself').helpGroup('Setup:');

  const list = add(config, 'list', {
    summary: 'every setting in force',
    examples: ['tacos config list --show-origin', 'tacos config list -o json | jq .items'],
    load: async () => {
      const { configList } = await import('./list.ts');
      return (cli, _args, flags) => configList(cli, flags);
    },
  });
  list.option('--show-origin', 'and where each is from: flag, environment, file, built-in');

  add(config, 'get <KEY>', {
    summary: 'one setting',
    examples: ['tacos config get context', 'tacos config get timeout'],
    load: async () => {
      const { configGet } = await import('./list.ts');
      return (cli, [key = ''], flags) => configGet(cli, key, flags);
    },
  });

  add(config, 'set <KEY> <VALUE>', {
    summary: 'write one to config.yaml: current, color, ascii, accessible, timeout',
    examples: ['tacos config set timeout 20s', 'tacos config set accessible true'],
    load: async () => {
      const { configSet } = await import('./set.ts');
      return (cli, [key = '', value = '']) => configSet(cli, { key, value });
    },
  });

  add(config, 'path', {
    summary: 'where config.yaml is',
    examples: ['tacos config path', 'less "$(tacos config path)"'],
    load: async () => {
      const { configPath } = await import('./set.ts');
      return async (cli) => configPath(cli);
    },
  });
}
