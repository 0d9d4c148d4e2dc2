import type { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { usageError } from '../../errors.ts';
import { allOf, pathOf } from '../../tree.ts';
import { topicNames, topics } from './topics.ts';

/** `tacos help [TOPIC...]`: a topic, else the help of the command of that name. @throws CliError (2) */
export function help({ runtime }: Cli, program: Command, words: readonly string[]): void {
  const { stdout } = runtime;
  const name = words.join(' ');
  const topic = topics.find((each) => each.name === name);
  if (topic !== undefined) {
    stdout.write(`${topic.text()}\n`);
    return;
  }
  const command = allOf(program).find((each) => pathOf(each) === name);
  if (command === undefined) {
    throw usageError(
      `there is no topic and no command "${name}": the topics are ${topicNames.join(', ')}`,
      'tacos help',
    );
  }
  stdout.write(command.helpInformation());
  if (name !== '') return;
  const width = Math.max(...topics.map((each) => each.name.length));
  const lines = topics.map((each) => `  ${each.name.padEnd(width)}  ${each.summary}`);
  stdout.write(`\nTopics:\n${lines.join('\n')}\n`);
}
