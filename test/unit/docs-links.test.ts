/** What people read leads somewhere: links to files and headings that exist, commands that the CLI takes. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { allOf, buildProgram, pathOf } from '../../src/cli/program.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');
const slashed = (path: string): string => path.replaceAll('\\', '/');
const top = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md'];
const pages = [...top, ...globSync('docs/**/*.md', { cwd: root }).map(slashed).sort()];
const pagesWithCommands = pages.filter((page) => page === 'README.md' || page.startsWith('docs/operate/'));

interface Block {
  readonly language: string;
  readonly lines: readonly string[];
}

/** The fenced blocks of a page, and its text without them. */
function takeApart(text: string): { blocks: readonly Block[]; prose: string } {
  const blocks: Block[] = [];
  const prose = text.replace(/^```(\w*)\n([\s\S]*?)^```$/gm, (_all, language: string, inside: string) => {
    blocks.push({ language, lines: inside.replaceAll('\\\n', ' ').split('\n') });
    return '';
  });
  return { blocks, prose };
}

/** Names that headings have in links, as GitHub makes them. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of takeApart(text).prose.matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[\\`*]/g, '');
    const slug = words
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let again = 1; anchors.has(anchor); again += 1) anchor = `${slug}-${again}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Links of a page that lead nowhere, each with what is missing. */
function brokenLinks(page: string, text: string): string[] {
  const prose = takeApart(text).prose.replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g)].flatMap(([, link = '']) => {
    if (/^[a-z][a-z+.-]*:/i.test(link)) return [];
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : posix.normalize(posix.join(slashed(dirname(page)), path));
    if (target.startsWith('..') || !existsSync(join(root, target))) return [`${page}: no file ${link}`];
    if (anchor === undefined) return [];
    const known = anchorsOf(path === '' ? text : textOf(target));
    return known.has(decodeURIComponent(anchor)) ? [] : [`${page}: no heading ${link}`];
  });
}

/** Splits as a shell does, as far as pages need it, up to a pipe, a comment or the line's end. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)) {
    if (/^[|<>&;#]/.test(word)) break;
    words.push(word.replace(/(["'])(.*?)\1/g, '$2'));
  }
  return words;
}

/** Command lines of tacos in the blocks for shells; of a `console`, what stands behind the prompt. */
function commandLines(text: string): string[] {
  return takeApart(text).blocks.flatMap(({ language, lines }) => {
    const typed = language === 'console' ? lines.flatMap((line) => line.match(/^\$ (.*)/)?.[1] ?? []) : lines;
    return ['sh', 'console'].includes(language)
      ? typed.map((line) => line.trim()).filter((line) => /^(bin\/)?tacos\b/.test(line))
      : [];
  });
}

/** Why the CLI does not take a command line; undefined = it does. */
async function faultOf(line: string): Promise<string | undefined> {
  const asked: string[] = [];
  try {
    const program = buildProgram('1', ({ command }) => asked.push(command));
    for (const command of allOf(program)) command.configureOutput({ writeOut: () => {}, writeErr: () => {} });
    await program.parseAsync(wordsOf(line).slice(1), { from: 'user' });
  } catch (error) {
    return `${line}: ${error instanceof Error ? error.message : String(error)}`;
  }
  return asked.length === 1 ? undefined : `${line}: leads to no command`;
}

/** The same for a command in running text, where arguments may be left out: its words and its flags exist. */
function faultInText(line: string): string | undefined {
  const program = buildProgram('1', () => {});
  const [, ...words] = wordsOf(line);
  let command: Command = program;
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) break;
    command = next;
  }
  if (command.commands.length > 0 && command !== program) return `${line}: ${pathOf(command)} is no command`;
  if (command === program && words.some((word) => /^[a-z]/.test(word))) return `${line}: no such command`;
  const known = [...program.options, ...command.options].flatMap(({ short, long }) => [short, long]);
  const unknown = words.find((word) => /^--?[a-z]/.test(word) && !known.includes(word.split('=')[0] ?? ''));
  const takesAny = ['gateway', 'admin'].includes(pathOf(command));
  return unknown === undefined || takesAny ? undefined : `${line}: no flag ${unknown}`;
}

/** Commands in running text, such as `tacos doctor`. */
const commandsInText = (text: string): string[] =>
  [...takeApart(text).prose.matchAll(/`((?:bin\/)?tacos [^`]+)`/g)].map(([, line = '']) =>
    line.replace(/\s+/g, ' '),
  );

describe('links', () => {
  it.each(pages)('of %s lead to files and headings that exist', (page) => {
    expect(brokenLinks(page, textOf(page))).toEqual([]);
  });

  it('that lead nowhere are found', () => {
    const text = '# A page\n\n[a](nowhere.md) [b](#a-page) [c](#other) [d](CHANGELOG.md#nothing) `[e](x)`\n';
    expect(brokenLinks('README.md', text)).toEqual([
      'README.md: no file nowhere.md',
      'README.md: no heading #other',
      'README.md: no heading CHANGELOG.md#nothing',
    ]);
  });

  it('leave no page of docs and docs/operate without a way to it', () => {
    const linked = new Set(
      pages.flatMap((page) =>
        [...takeApart(textOf(page)).prose.matchAll(/\]\(([^)#\s]+)/g)].map(([, link = '']) =>
          posix.normalize(posix.join(slashed(dirname(page)), link)),
        ),
      ),
    );
    const guides = pages.filter((page) => /^docs\/(operate\/)?[^/]+\.md$/.test(page));
    expect(guides.filter((page) => !linked.has(page))).toEqual([]);
  });
});

describe('commands', () => {
  it.each(pagesWithCommands)('in the blocks of %s are taken by the CLI as they stand', async (page) => {
    const lines = commandLines(textOf(page));
    expect(lines.length).toBeGreaterThan(0);
    const faults = await Promise.all(lines.map(faultOf));
    expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
  });

  it.each(pagesWithCommands)('in the text of %s exist, with their flags', (page) => {
    const faults = commandsInText(textOf(page)).map(faultInText);
    expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
  });

  it('that the CLI does not have are found', async () => {
    const text =
      '```sh\ntacos queue stop evt_x\ntacos doctor --loud # why\n```\n`tacos sale`, `tacos up --slow`\n';
    const lines = commandLines(text);
    expect(lines).toHaveLength(2);
    const faults = [...(await Promise.all(lines.map(faultOf))), ...commandsInText(text).map(faultInText)];
    expect(faults).toHaveLength(4);
    expect(faults.every((fault) => fault !== undefined)).toBe(true);
  });
});
