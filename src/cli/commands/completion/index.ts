/** `tacos completion`, and the hidden `tacos complete` that its scripts call. */
import { Argument, type Command } from 'commander';
import type { Register } from '../../command.ts';

/** Shells that can be served. */
export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;

/** Adds the commands. */
export function completionCommands(program: Command, add: Register): void {
  const completion = add(program, 'completion', {
    summary: 'script that makes TAB complete tacos in a shell',
    examples: [
      'tacos completion zsh > "$fpath[1]/_tacos"',
      'tacos completion fish > ~/.config/fish/completions/tacos.fish',
      'source <(tacos completion bash)',
      'tacos completion powershell | Out-String | Invoke-Expression',
    ],
    group: 'Help:',
    load: async () => {
      const { completionScript } = await import('./complete.ts');
      return async (cli, [shell = '']) => completionScript(cli, shell);
    },
  });
  completion.addArgument(new Argument('<SHELL>').choices(shells));

  const complete = add(program, 'complete [WORDS...]', {
    summary: 'what TAB offers; called by the scripts of tacos completion',
    examples: ['tacos complete -- queue ""'],
    group: 'Help:',
    load: async () => {
      const { complete: run } = await import('./complete.ts');
      return (cli, words) => run(cli, program, words);
    },
  });
  complete.allowUnknownOption().allowExcessArguments();
}
