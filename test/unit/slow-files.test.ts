import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { slowFiles } from '../../scripts/slow-files-first.ts';

it('names only test files that are there, so that none loses its turn when it is renamed', () => {
  expect(slowFiles.filter((file) => !existsSync(new URL(`../../${file}`, import.meta.url)))).toEqual([]);
});
