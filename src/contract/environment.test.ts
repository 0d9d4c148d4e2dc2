import { expect, it } from 'vitest';
import { environmentKindOf } from './environment.ts';

it.each([
  ['production', 'prod'],
  ['apne2-prod', 'prod'],
  ['LIVE_2', 'prod'],
  ['test-production', 'prod'],
  ['staging-2', 'staging'],
  ['stg.apne2', 'staging'],
  ['qa', 'test'],
  ['development', 'dev'],
  ['apne2', undefined],
  ['constructor', undefined],
  ['', undefined],
])('%j is %s', (name, kind) => {
  expect(environmentKindOf(name)).toBe(kind);
});
