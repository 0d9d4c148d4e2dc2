import { exitCodeTable } from '../../../exit-codes.ts';
import { rows, type Topic } from './topic.ts';

/** `tacos help exit-codes`. */
export const exitCodesTopic: Topic = {
  name: 'exit-codes',
  summary: 'what each exit code says, and what to do',
  text: () =>
    [
      'A number is never given another meaning. With -o json, an error is one line on',
      'stderr with the code, `applied` (no, yes, unknown) and a hint.',
      '',
      rows(exitCodeTable.map(({ code, name, meaning, todo }) => [code, `${name}. ${meaning} ${todo}`])),
    ].join('\n'),
};
