/** Command lines in any order: flags may stand before the noun and between noun and verb. */
import type { Command, Option } from 'commander';

/** A command line with the words of its command in front. */
export interface Sorted {
  readonly argv: readonly string[];
  /** The command that the words lead to, as far as they do. */
  readonly command: Command;
}

/** Moves noun and verb to the front, so that every flag is read by the command that knows it. */
export function commandFirst(program: Command, argv: readonly string[]): Sorted {
  const valued = valuedFlags(program);
  const path: string[] = [];
  const flags: string[] = [];
  let command = program;
  let at = 0;
  for (; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    if (word === '--') break;
    if (word.startsWith('-') && word !== '-') {
      flags.push(word);
      const value = argv[at + 1];
      if (value === undefined || !takesNext(word, valued)) continue;
      flags.push(value);
      at += 1;
      continue;
    }
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) break;
    path.push(word);
    command = next;
  }
  return { argv: [...path, ...flags, ...argv.slice(at)], command };
}

/** Flags of the whole tree that want a value. A flag has one form in all commands. */
function valuedFlags(command: Command): ReadonlySet<string> {
  const names = new Set<string>();
  const collect = (each: Command): void => {
    for (const option of each.options) for (const name of namesOf(option)) names.add(name);
    each.commands.forEach(collect);
  };
  collect(command);
  return names;
}

const namesOf = ({ required, long, short }: Option): string[] =>
  required ? [long, short].filter((name) => typeof name === 'string') : [];

/** Whether the next word is this flag's value: `-o json`, `--output json`, `-qo json`; not `--output=json`, `-ojson`. */
function takesNext(word: string, valued: ReadonlySet<string>): boolean {
  if (word.startsWith('--')) return valued.has(word);
  const letters = [...word.slice(1)];
  const first = letters.findIndex((letter) => valued.has(`-${letter}`));
  return first >= 0 && first === letters.length - 1;
}
