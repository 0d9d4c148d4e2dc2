/** `tacos auth …` as the command line knows it. */
import type { Command } from 'commander';
import type { Register } from '../../command.ts';
import type { LoginFlags } from './login.ts';

/** Adds the group. */
export function authCommands(program: Command, add: Register): void {
  const auth = program.command('auth').description('who you are to a server').helpGroup('Setup:');

  const login = add(auth, 'login', {
    summary: 'sign in with a browser, on this machine or any other',
    examples: [
      'tacos auth login -c staging',
      'tacos auth login -c staging --issuer https://id.example --client-id tacos',
    ],
    load: async () => {
      const { authLogin } = await import('./login.ts');
      return (cli, _args, flags) => authLogin(cli, flags as LoginFlags);
    },
  });
  login
    .option('--issuer <URL>', 'where to sign in, if the server names none or several')
    .option('--client-id <ID>', 'what tacos is called there')
    .option('--scope <S>', 'what to ask for; openid and offline_access by default');

  add(auth, 'logout', {
    summary: 'forget the sign-in, here and at the issuer',
    examples: ['tacos auth logout -c staging'],
    load: async () => {
      const { authLogout } = await import('./logout.ts');
      return (cli) => authLogout(cli);
    },
  });

  add(auth, 'status', {
    summary: 'who the server takes you for; exit 4 when nobody',
    examples: ['tacos auth status', 'tacos auth status -c staging -o json --fields name,role'],
    load: async () => {
      const { authStatus } = await import('./status.ts');
      return (cli) => authStatus(cli);
    },
  });
}
