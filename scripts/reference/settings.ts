/** docs/operate/settings.md, made from the variables of gateway and admin API and from a sentence for each of them. */
import { variables as adminVariables } from '../../src/admin-api/config.ts';
import { text, type Variable } from '../../src/contract/config.ts';
import { variables as gatewayVariables } from '../../src/gateway/variables.ts';
import { cell, page, table } from './markdown.ts';
import { type Setting, settingGroups } from './settings-texts.ts';

/** The page. @throws Error when a variable has no sentence, or a sentence no variable */
export function settingsPage(): string {
  const told = settingGroups.flatMap(({ meanings }) => Object.keys(meanings));
  const there = new Set([...Object.keys(gatewayVariables), ...Object.keys(adminVariables)]);
  const strange = told.filter((name, at) => !there.has(name) || told.indexOf(name) !== at);
  const untold = [...there].filter((name) => !told.includes(name));
  if (strange.length + untold.length > 0) {
    throw new Error(`settings: no such variable ${strange.join()}; no sentence for ${untold.join()}`);
  }
  return page([
    '# Settings',
    'What `tacos gateway` and `tacos admin` read from their environment. Wrong ones stop the process with exit 2, all ' +
      'of them at once, each with its name, its value and what is allowed. What is in force, secrets masked:',
    ['```sh', 'tacos gateway --print-config', 'tacos admin --print-config', '```'],
    [
      '- **As a file**: any of them may be given as `NAME_FILE`, the name of a file that holds the value; not both. An ' +
        'empty value counts as not set.',
      '- **Read once**, at the start; what is read again while a process runs says so below.',
      '- **Process**: G the gateway, A the admin API. One that both read should be the same in both.',
      '- **Default** – means that there is none. Flags of `tacos gateway` (`--port`, `--grpc-port`, `--workers`) go first.',
    ],
    ...settingGroups.flatMap(({ title, meanings, note }) => [
      `## ${title}`,
      table(
        ['variable', 'process', 'allowed', 'default', 'meaning'],
        Object.entries(meanings).map(([name, meaning]) => row(name as Setting, meaning)),
      ),
      ...(note === undefined ? [] : [note]),
    ]),
    'Variables of the CLI itself: `tacos help environment`.',
    'Made by `npm run docs`. Do not edit: change the variable or scripts/reference/settings-texts.ts, then run it.',
  ]);
}

function row(name: Setting, meaning: string): string[] {
  const gateway: Readonly<Record<string, Variable<unknown>>> = gatewayVariables;
  const admin: Readonly<Record<string, Variable<unknown>>> = adminVariables;
  const processes = [name in gateway ? 'G' : '', name in admin ? 'A' : ''].filter((each) => each !== '');
  // Where both have it, the admin API's own are told in its words.
  const { allowed = '', fallback } =
    (name.startsWith('ADMIN_') ? admin[name] : gateway[name]) ?? admin[name] ?? {};
  return [
    `\`${name}\``,
    processes.join(', '),
    cell(allowed === text.allowed ? 'text' : allowed),
    fallback === undefined ? '–' : cell(fallback),
    meaning,
  ];
}
