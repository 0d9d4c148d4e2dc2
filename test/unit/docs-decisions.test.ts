/** Each package that tacos stands on has its reason written down. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import project from '../../package.json' with { type: 'json' };

const root = join(import.meta.dirname, '../..');
const decisions = globSync('docs/decisions/*.md', { cwd: root })
  .map((page) => readFileSync(join(root, page), 'utf8'))
  .join('\n');

/** OpenTelemetry's packages are told in one sentence, without its name in front of each. */
const toldAs = (name: string): string => name.replace(/^@opentelemetry\//, '');

it('names every dependency in docs/decisions', () => {
  const { dependencies, devDependencies, optionalDependencies } = project;
  // Types come with their package.
  const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }).filter(
    (name) => !name.startsWith('@types/'),
  );
  expect(names.length).toBeGreaterThan(40);
  const words = new Set(decisions.split(/[^\w@/.-]+/).map((word) => word.replace(/[.,]$/, '')));
  expect(names.filter((name) => !words.has(name) && !words.has(toldAs(name)))).toEqual([]);
});
