import { describe, expect, it } from 'vitest';
import { allOf, buildTree, pathOf } from '../../src/cli/program.ts';
import { alarmTable } from '../../src/contract/alarms.ts';
import { doctorChecks } from '../../src/contract/doctor.ts';
import { filesIn } from '../tidy/source-files.ts';

const pages = filesIn('.').filter(({ path }) => /^docs\/runbook\/[^/]+\.md$/.test(path));
const nameOf = (path: string): string => path.replace(/^.*\/(.*)\.md$/, '$1');
const ids: readonly string[] = [...new Set([...doctorChecks, ...alarmTable.map(({ id }) => id)])];
/** Everything between backticks, and every line of a block. */
const commandsOf = (text: string): string[] =>
  [...text.matchAll(/`(tacos [^`]+)`/g), ...text.matchAll(/^(tacos .+)$/gm)].map(
    ([, command = '']) => command,
  );

describe('the runbook', () => {
  it('has a page for every alarm and every check', () => {
    const named = new Set(pages.map(({ path }) => nameOf(path)));
    expect(ids.filter((id) => !named.has(id))).toEqual([]);
  });

  it('has no page for anything else', () => {
    expect(pages.map(({ path }) => nameOf(path)).filter((name) => !ids.includes(name))).toEqual([]);
  });

  it.each(pages)(
    '$path says what it means, what to run first, how it ends and when to call for help',
    ({ path, text }) => {
      expect(text.startsWith(`# ${nameOf(path)}: `)).toBe(true);
      expect(text).toContain('**What visitors feel:**');
      expect([...text.matchAll(/^## (.*)$/gm)].map(([, head]) => head)).toEqual([
        'First',
        'It has ended when',
        'Escalate when',
      ]);
      expect(text.match(/^```$/gm)?.length).toBe(4);
      expect(text.split('\n').length).toBeLessThanOrEqual(40);
    },
  );

  it('links only to pages that exist', () => {
    const links = pages.flatMap(({ text }) =>
      [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, to = '']) =>
        to
          .replace(/^\.\.\//, '')
          .replace(/^(?!.*\/)/, 'runbook/')
          .replace(/#.*/, ''),
      ),
    );
    const there = new Set(filesIn('.').map(({ path }) => path));
    expect(links.filter((to) => !there.has(`docs/${to}`))).toEqual([]);
  });

  it('names only checks that --only knows', () => {
    const named = pages.flatMap(({ text }) =>
      [...text.matchAll(/--only ([\w,-]+)/g)].flatMap(([, list = '']) => list.split(',')),
    );
    expect(named.filter((check) => !ids.includes(check))).toEqual([]);
  });

  it('names only commands and flags of the CLI', () => {
    const commands = allOf(buildTree('0.0.0', () => {}).program);
    const wrong = pages
      .flatMap(({ path, text }) => commandsOf(text).map((line) => ({ path, line })))
      .filter(({ line }) => !/^tacos (admin|-V)\b/.test(line))
      .filter(({ line }) => {
        const words = line.split(/\s+/).slice(1);
        const command = commands
          .filter((each) => pathOf(each) !== '' && words.join(' ').startsWith(pathOf(each)))
          .sort((a, b) => pathOf(b).length - pathOf(a).length)[0];
        const flags = words
          .filter((word) => /^--[a-z]/.test(word))
          .map((word) => word.replace(/[^a-z-].*$/, ''));
        const known = [...(command?.options ?? []), ...(commands[0]?.options ?? [])].map(({ long }) => long);
        return command === undefined || flags.some((flag) => !known.includes(flag));
      });
    expect(wrong.map(({ path, line }) => `${path}: ${line}`)).toEqual([]);
  });
});

describe('the Prometheus rules of the alarms', () => {
  it('are there for every alarm, each with an expression whose brackets close', () => {
    for (const { id, rules } of alarmTable) {
      expect(rules.length, id).toBeGreaterThan(0);
      for (const { expr } of rules) {
        const opened = expr.match(/[([{]/g)?.length ?? 0;
        expect(expr.match(/[)\]}]/g)?.length ?? 0, expr).toBe(opened);
      }
    }
  });
});
