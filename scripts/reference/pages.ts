/** The reference pages of docs/reference, made from the command tree, the exit codes and the keys. */
import { keyText, shownControls } from '../../src/cli/commands/help/topics/keys.ts';
import { type ExitCodeText, exitCodeTable } from '../../src/cli/exit-codes.ts';
import { alarmTable } from '../../src/contract/alarms.ts';
import { cell, page, table } from './markdown.ts';
import { type MetricText, metricTexts } from './monitoring/metrics.ts';
import { alertOf, severityLabel } from './monitoring/rules.ts';
import { type CommandText, commandTexts, type FlagText } from './tree.ts';

/** Path below docs/reference to its text. */
export type Pages = ReadonlyMap<string, string>;

/** File name of a command's page. */
export const fileOf = (path: string): string => `${path === '' ? 'tacos' : path.replaceAll(' ', '-')}.md`;

/** Every page. */
export function referencePages(): Pages {
  const commands = commandTexts();
  return new Map([
    ['README.md', overview(commands)],
    ['keys.md', keysPage()],
    ['metrics.md', metricsPage()],
    ...commands.map((command): [string, string] => [
      `commands/${fileOf(command.path)}`,
      commandPage(command, commands),
    ]),
    ...exitCodeTable.map((code): [string, string] => [`exit-codes/${code.code}.md`, exitCodePage(code)]),
  ]);
}

const madeBy = 'Made by `npm run docs`. Do not edit: change the command, then run it.';

function overview(commands: readonly CommandText[]): string {
  const root = commands.find(({ path }) => path === '');
  const leaves = commands.filter(({ path, below }) => path !== '' && below.length === 0);
  return page([
    '# Reference',
    madeBy,
    '## Commands',
    table(
      ['command', 'what it does'],
      leaves.map(({ path, usage, summary }) => [`[${cell(usage)}](commands/${fileOf(path)})`, cell(summary)]),
    ),
    '## Flags of every command',
    flagTable(root?.flags ?? []),
    '## Exit codes',
    table(
      ['code', 'name', 'meaning'],
      exitCodeTable.map(({ code, name, meaning }) => [
        `[${code}](exit-codes/${code}.md)`,
        name,
        cell(meaning),
      ]),
    ),
    '## Keys',
    'Keys of the live screen: [keys.md](keys.md).',
    '## Metrics',
    'What gateways and admin APIs tell Prometheus, and the alerts made of it: [metrics.md](metrics.md).',
    '## Settings',
    'Environment variables of gateway and admin API: [settings](../operate/settings.md).',
  ]);
}

function commandPage(command: CommandText, all: readonly CommandText[]): string {
  const { path, usage, summary, examples, flags, below } = command;
  const groups = [...new Set(flags.map(({ group }) => group))];
  const children = all.filter((each) => below.includes(each.path));
  return page([
    `# tacos${path === '' ? '' : ` ${path}`}`,
    `${summary[0]?.toUpperCase() ?? ''}${summary.slice(1).replace(/\.$/, '')}.`,
    ['```', usage, '```'],
    '## Examples',
    ['```sh', ...examples, '```'],
    ...(children.length === 0
      ? []
      : [
          '## Commands',
          table(
            ['command', 'what it does'],
            children.map((each) => [`[${cell(each.usage)}](${fileOf(each.path)})`, cell(each.summary)]),
          ),
        ]),
    ...groups.flatMap((group) => [`## ${group}`, flagTable(flags.filter((flag) => flag.group === group))]),
    path === '' ? '' : `Flags of every command: [tacos](tacos.md). All commands: [reference](../README.md).`,
    madeBy,
  ]);
}

function exitCodePage({ code, name, meaning, todo, script }: ExitCodeText): string {
  return page([
    `# Exit ${code}: ${name}`,
    meaning,
    '## What to do',
    todo,
    '## In a script',
    script,
    'All exit codes: `tacos help exit-codes`, or the [reference](../README.md#exit-codes).',
    madeBy,
  ]);
}

function keysPage(): string {
  return page([
    '# Keys of the live screen',
    'Keys of `tacos queue watch` on a terminal. Pasted text is never read as keys.',
    table(
      ['key', 'what it does'],
      shownControls().map((each) => [`\`${each.key}\``, cell(keyText(each))]),
    ),
    madeBy,
  ]);
}

function metricsPage(): string {
  const { gateway, admin } = metricTexts();
  const alerts = alarmTable.flatMap(({ id, rules }) =>
    rules.map((rule) => [
      `[${alertOf(id)}](../runbook/${id}.md)`,
      severityLabel[rule.severity],
      rule.forSec === 0 ? 'at once' : `${rule.forSec} s`,
    ]),
  );
  return page([
    '# Metrics',
    'What `/metrics` tells, beside the `process_*` and `nodejs_*` figures of every Node program. How to scrape it: ' +
      '[monitoring](../operate/monitoring.md).',
    '## Of a gateway',
    'All workers of a gateway together. The 50 fullest events have a label `event` of their own; where figures can be ' +
      'added up, the others share `_other`.',
    metricTable(gateway),
    '## Of an admin API',
    metricTable(admin),
    '## Alerts',
    'In [tacos.rules.yml](../../deploy/prometheus/tacos.rules.yml).',
    table(['alert', 'severity', 'holds for'], alerts),
    'Made by `npm run docs`. Do not edit: change the metric or the alarm, then run it.',
  ]);
}

const metricTable = (metrics: readonly MetricText[]): string =>
  table(
    ['metric', 'kind', 'labels', 'meaning'],
    metrics.map(({ name, type, labels, help }) => [`\`${name}\``, type, labels.join(', '), cell(help)]),
  );

const flagTable = (flags: readonly FlagText[]): string =>
  table(
    ['flag', 'what it does'],
    flags.map(({ flags: names, text }) => [`\`${names.replaceAll('|', '\\|')}\``, cell(text)]),
  );
