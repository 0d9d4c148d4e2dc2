import { existsSync } from 'node:fs';
import { type Argument, type Complete, RootCommand } from '@bomb.sh/tab';
import type { Command, Option } from 'commander';
import { environmentKinds } from '../../../contract/environment.ts';
import type { Cli } from '../../cli.ts';
import type { Config } from '../../config-file.ts';
import { envName, localName } from '../../context-names.ts';
import { currentContext } from '../../current-context.ts';
import { rememberedEvents } from '../../event-memory.ts';
import { isInternal } from '../../help-text.ts';
import { formats } from '../../output/formats.ts';
import { configFile } from '../../paths.ts';
import { allOf, pathOf } from '../../tree.ts';
import { topicNames } from '../help/topics.ts';
import { bashScript } from './bash-script.ts';

/** What is offered for a word. */
type Words = readonly string[];

/** `tacos completion SHELL`: the script, on stdout. */
export function completionScript({ runtime }: Cli, shell: string): void {
  const lines =
    shell === 'bash' ? [bashScript] : printed(() => new RootCommand().setup('tacos', 'tacos', shell));
  runtime.stdout.write(`${lines.join('\n')}\n`);
}

/**
 * `tacos complete -- WORDS`: one word a line, its meaning after a tab. Files and cache alone are read, never a server:
 * TAB must not wait, nor tell a production system what somebody is about to type.
 */
export async function complete({ runtime }: Cli, program: Command, words: Words): Promise<void> {
  const { contexts, events } = await known(runtime, words);
  const kinds = words[0] === 'schema' ? await kindNames() : [];
  const byName: Readonly<Record<string, Words>> = {
    EVT: events,
    SHELL: ['bash', 'zsh', 'fish', 'powershell'],
    KIND: kinds,
    TOPIC: topicNames,
  };
  const root = new RootCommand();
  for (const command of allOf(program)) {
    const path = pathOf(command);
    if (isInternal(path)) continue;
    const target = path === '' ? root : root.command(path, command.description());
    for (const option of [...command.options, ...(path === '' ? [] : program.options)]) {
      addOption(target, option, valuesOf(option, { contexts, events }));
    }
    for (const argument of command.registeredArguments) {
      const name = argument.name();
      const isContext = name === 'NAME' && command.parent?.name() === 'context';
      const offered = isContext ? contexts : (argument.argChoices ?? byName[name] ?? []);
      target.argument(name, offer(offered), argument.variadic);
    }
  }
  const lines = printed(() => root.parse([...words]));
  runtime.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** Names that can be offered: contexts of the file, and events seen in the last minute in the context in force. */
async function known(runtime: Cli['runtime'], words: Words) {
  const config = await configOf(runtime);
  const at = words.findLastIndex((word) => word === '-c' || word === '--context');
  const flag = words.find((word) => word.startsWith('--context='))?.slice('--context='.length);
  const told = (at < 0 ? undefined : words[at + 1]) ?? flag;
  const name = told || currentContext(runtime, config).name || localName;
  const contexts = [
    ...Object.keys(config.contexts),
    localName,
    ...(runtime.env.TACOS_SERVER ? [envName] : []),
  ];
  return { contexts, events: rememberedEvents(runtime, name) };
}

/** config.yaml, as far as it can be read; what reads it is loaded only where there is one. */
async function configOf(runtime: Cli['runtime']): Promise<Config> {
  if (!existsSync(configFile(runtime))) return { contexts: {} };
  const { readConfig } = await import('../../config-file.ts');
  return readConfig(runtime).catch(() => ({ contexts: {} }));
}

async function kindNames(): Promise<Words> {
  const { documentKinds } = await import('../../schema-kinds.ts');
  return documentKinds.map(({ kind }) => kind);
}

/**
 * Values of a flag; undefined = it takes none. What confirms a change, and visitors, must be typed: a wrong pick from a
 * list is how the wrong event is deleted.
 */
function valuesOf(
  { long, required, optional, argChoices }: Option,
  { contexts, events }: { contexts: Words; events: Words },
): Words | undefined {
  if (!required && !optional) return undefined;
  switch (long) {
    case '--context':
      return contexts;
    case '--output':
      return formats;
    case '--color':
      return ['auto', 'always', 'never'];
    case '--tui':
      return ['auto', 'always', 'never', 'plain'];
    case '--kind':
      return environmentKinds;
    case '--event':
    case '--from-live':
      return events;
    default:
      return argChoices ?? [];
  }
}

function addOption(target: RootCommand | ReturnType<RootCommand['command']>, option: Option, values?: Words) {
  const { long, short, description } = option;
  if (typeof long !== 'string') return;
  const name = long.slice(2);
  const letter = short?.slice(1);
  if (values === undefined) target.option(name, description, ...(letter === undefined ? [] : [letter]));
  else target.option(name, description, (add: Complete) => each(values, add), letter);
}

const offer = (values: Words): NonNullable<Argument['handler']> =>
  function (this: Argument, add: Complete) {
    each(values, add);
  };

function each(values: Words, add: Complete): void {
  for (const value of values) add(value, '');
}

/** The library prints; what it prints is taken here. */
function printed(act: () => void): string[] {
  const lines: string[] = [];
  const { log } = console;
  console.log = (...parts: unknown[]) => lines.push(parts.join(' '));
  try {
    act();
  } finally {
    console.log = log;
  }
  return lines;
}
