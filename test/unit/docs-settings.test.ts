/** The page of settings tells what the processes read. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { settingsPage } from '../../scripts/reference/settings.ts';
import { variables as adminVariables } from '../../src/admin-api/config.ts';
import { variables as gatewayVariables } from '../../src/gateway/variables.ts';

const text = readFileSync(new URL('../../docs/operate/settings.md', import.meta.url), 'utf8');
const rows = text.split('\n').flatMap((line) => {
  const [, name, processes] = /^\| `([A-Z_]+)` \| ([GA, ]+) \|/.exec(line) ?? [];
  return name === undefined || processes === undefined ? [] : [{ name, processes }];
});

describe('docs/operate/settings.md', () => {
  it('is what `npm run docs` makes of the variables', () => {
    expect(text).toBe(settingsPage());
  });

  it.each([
    { processes: 'G', variables: gatewayVariables },
    { processes: 'A', variables: adminVariables },
  ])('has every variable of $processes once, and none extra', ({ processes, variables }) => {
    const told = rows.filter((row) => row.processes.includes(processes)).map(({ name }) => name);
    expect(told.sort()).toEqual(Object.keys(variables).sort());
  });
});
