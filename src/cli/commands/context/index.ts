/** `tacos context …` as the command line knows it. */

import type { Command } from 'commander';
import { environmentKinds } from '../../../contract/environment.ts';
import type { Register } from '../../command.ts';
import { numberFlag, rateFlag } from '../../flags.ts';
import type { ContextSetFlags } from './set-flags.ts';

/** Adds the group. */
export function contextCommands(program: Command, add: Register): void {
  const context = program
    .command('context')
    .description('the places that tacos works on')
    .helpGroup('Setup:');

  add(context, 'list', {
    summary: 'all contexts; * = the one in force',
    examples: ['tacos context list', 'tacos context list -o name'],
    load: async () => {
      const { contextList } = await import('./list.ts');
      return (cli) => contextList(cli);
    },
  });

  add(context, 'show [NAME]', {
    summary: 'one context, or the one in force',
    examples: ['tacos context show', 'tacos context show staging -o yaml'],
    load: async () => {
      const { contextShow } = await import('./list.ts');
      return (cli, [name]) => contextShow(cli, name);
    },
  });

  add(context, 'use <NAME>', {
    summary: 'make it the current one; a protected one is for one shell only',
    examples: [
      'tacos context use staging',
      'tacos context use local',
      'eval "$(tacos context use apne2-prod)"',
    ],
    load: async () => {
      const { contextUse } = await import('./use.ts');
      return (cli, [name = '']) => contextUse(cli, name);
    },
  });

  setCommand(context, add);

  add(context, 'remove <NAME>', {
    summary: 'take it out of config.yaml, with its sign-in',
    examples: ['tacos context remove staging'],
    load: async () => {
      const { contextRemove } = await import('./use.ts');
      return (cli, [name = '']) => contextRemove(cli, name);
    },
  });
}

function setCommand(context: Command, add: Register): void {
  const set = add(context, 'set <NAME>', {
    summary: 'make a context, or change what is given of one',
    examples: [
      'tacos context set staging --server https://admin.stg.example --kind staging',
      'tacos context set apne2-prod --server https://admin.apne2.example --kind prod --require-reason',
      'tacos context set apne2-prod --max-refill 200 --max-step 2x',
      'tacos context set behind-ssh --server http://127.0.0.1:8002 --proxy socks5h://127.0.0.1:1080',
    ],
    load: async () => {
      const { contextSet } = await import('./set.ts');
      return (cli, [name = ''], flags) => contextSet(cli, name, flags as ContextSetFlags);
    },
  });
  set
    .option('--server <URL>', 'the admin API')
    .option('--gateway <URL>', 'the visitor API of the same place')
    .option('--kind <KIND>', environmentKinds.join(', '))
    .option('--protected', 'changes ask, and it is never current; prod is so anyway')
    .option('--no-protected', 'changes do not ask; never for kind prod')
    .option('--require-reason', 'every change needs a --reason')
    .option('--no-require-reason', 'only felt changes need one')
    .option('--read-only', 'refuse every change')
    .option('--no-read-only', 'allow changes');
  set.optionsGroup('Limits, beside those of the server:');
  set
    .option('--max-refill <R>', 'admissions per second', rateFlag(numberFlag({ min: 0.001, max: 1_000_000 })))
    .option('--max-capacity <N>', 'tokens', numberFlag({ min: 1, max: 100_000_000 }))
    .option('--max-step <F>', 'factor of one change, such as 2x');
  set.optionsGroup('The way there:');
  set
    .option('--ca-file <F>', 'authority that signs the certificate, PEM')
    .option('--tls-server-name <HOST>', 'name in the certificate, behind a tunnel')
    .option('--proxy <URL>', 'http://HOST:PORT or socks5h://HOST:PORT')
    .option('--kube-namespace <NS>', 'where the gateways run')
    .option('--kube-hpa <NAME>', 'their autoscaler')
    .option('--issuer <URL>', 'for auth login, where the server names none')
    .option('--client-id <ID>', 'of that issuer')
    .option('--scope <S>', 'asked of that issuer');
}
