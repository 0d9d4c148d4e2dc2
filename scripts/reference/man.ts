/** Man pages, made from the same tree: one a command in section 1, one a topic in section 7. */
import { topics } from '../../src/cli/commands/help/topics.ts';
import { type CommandText, commandTexts, type FlagText } from './tree.ts';

/** File name, such as `man1/tacos-queue-watch.1`, to its roff. */
export function manPages(version: string): ReadonlyMap<string, string> {
  const commands = commandTexts();
  const root = commands.find(({ path }) => path === '');
  return new Map([
    ...commands.map((command): [string, string] => [
      `man1/${nameOf(command.path)}.1`,
      commandPage(command, { version, global: root?.flags ?? [] }),
    ]),
    ...topics.map(({ name, summary, text }): [string, string] => [
      `man7/tacos-${name}.7`,
      roff([
        heading(`tacos-${name}`, '7', version),
        section('NAME'),
        `tacos-${name} - ${summary}`,
        section('DESCRIPTION'),
        verbatim(text()),
      ]),
    ]),
  ]);
}

const nameOf = (path: string): string =>
  ['tacos', ...path.split(' ')].filter((word) => word !== '').join('-');

function commandPage(
  { path, usage, summary, examples, flags, below }: CommandText,
  { version, global }: { version: string; global: readonly FlagText[] },
): string {
  const related = path === '' ? topics.map(({ name }) => `tacos-${name}(7)`) : ['tacos(1)'];
  return roff([
    heading(nameOf(path), '1', version),
    section('NAME'),
    `${nameOf(path)} - ${summary.replace(/\.$/, '')}`,
    section('SYNOPSIS'),
    { raw: `.B ${escaped(usage)}` },
    ...(below.length === 0
      ? []
      : [section('COMMANDS'), verbatim(below.map((each) => `tacos ${each}`).join('\n'))]),
    ...(flags.length === 0 ? [] : [section('OPTIONS'), ...flags.map(item)]),
    ...(path === '' ? [] : [section('OPTIONS OF EVERY COMMAND'), ...global.map(item)]),
    section('EXAMPLES'),
    verbatim(examples.join('\n')),
    section('SEE ALSO'),
    [...related, ...below.map((each) => `${nameOf(each)}(1)`)].join(', '),
  ]);
}

/** Text is escaped, `raw` is a request of ours. */
type Part = string | { readonly raw: string };

const roff = (parts: readonly Part[]): string =>
  `${parts.map((part) => (typeof part === 'string' ? lines(part) : part.raw)).join('\n')}\n`;

const heading = (name: string, number: '1' | '7', version: string): Part => ({
  raw: `.TH "${name.toUpperCase()}" "${number}" "" "tacos ${version}" "tacos"`,
});
const section = (title: string): Part => ({ raw: `.SH ${title}` });
const item = ({ flags, text }: FlagText): Part => ({ raw: `.TP\n.B ${escaped(flags)}\n${lines(text)}` });
const verbatim = (text: string): Part => ({ raw: `.nf\n${lines(text)}\n.fi` });

const escaped = (text: string): string => text.replaceAll('\\', '\\e').replaceAll('-', '\\-');

/** A dot or an apostrophe at the start of a line would be a request. */
const lines = (text: string): string =>
  text
    .split('\n')
    .map((line) => escaped(line).replace(/^(?=[.'])/, '\\&'))
    .join('\n');
