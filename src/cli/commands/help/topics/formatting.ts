import { rows, type Topic } from './topic.ts';

/** `tacos help formatting`. */
export const formattingTopic: Topic = {
  name: 'formatting',
  summary: 'tables, JSON, fields and sorting',
  text: () =>
    [
      'Data goes to stdout; plans, prompts, warnings and errors go to stderr.',
      '',
      rows([
        ['-o table', 'at most 80 columns on a terminal; in a pipe nothing is shortened'],
        ['-o wide', 'more columns, in the same order'],
        ['-o name', 'ids, one a line'],
        ['-o json', 'one document: apiVersion, kind, context, asOf, items or item, warnings'],
        ['-o yaml', 'the same as YAML'],
        ['-o jsonl', 'one object a line, no wrapper; for lists and queue watch'],
        ['--fields a,b.c', 'only these paths; a path that does not exist is exit 2'],
        ['--sort KEY', 'sort a list by a path, -KEY = descending; absent values come last'],
        ['--no-headers', 'a table without its header'],
      ]),
      '',
      'In data, times are RFC 3339 in UTC, durations end in Sec or Ms and rates in',
      'PerSec. On screens, times are in the zone of the event. Fields are only ever',
      'added. `tacos schema` lists the kinds, `tacos schema KIND` prints a JSON Schema.',
      '',
      '  tacos event list --sort -waiting',
      '  tacos queue get evt_demo -o json --fields waiting,bucket.tokens',
      '  tacos queue watch evt_demo -o jsonl --interval 1s | jq .waiting',
    ].join('\n'),
};
