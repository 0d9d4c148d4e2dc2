/** Texts of `tacos help TOPIC`; the reference pages and man pages are made of them too. */
import { ciTopic } from './topics/ci.ts';
import { contextsTopic } from './topics/contexts.ts';
import { environmentTopic } from './topics/environment.ts';
import { exitCodesTopic } from './topics/exit-codes.ts';
import { formattingTopic } from './topics/formatting.ts';
import { guardRailsTopic } from './topics/guard-rails.ts';
import { keysTopic } from './topics/keys.ts';
import type { Topic } from './topics/topic.ts';

/** All topics, in the order in which they are listed. */
export const topics: readonly Topic[] = [
  environmentTopic,
  exitCodesTopic,
  formattingTopic,
  keysTopic,
  guardRailsTopic,
  contextsTopic,
  ciTopic,
];

/** Names of the topics. */
export const topicNames: readonly string[] = topics.map(({ name }) => name);
