import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { documentKinds, documentSchema, findKind } from './schema-kinds.ts';
import { FakeMachine } from './testing/fake-runtime.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

const folder = import.meta.dirname;

it('knows every kind that a command prints', () => {
  const sources = globSync(['commands/**/*.ts', 'change-report.ts', 'watch/*.ts'], { cwd: folder });
  const printed = sources
    .filter((path) => !path.includes('.test.'))
    .flatMap((path) => [...readFileSync(join(folder, path), 'utf8').matchAll(/\bkind: '([A-Z]\w+)'/g)])
    .map(([, kind = '']) => kind)
    // A file for support, whose parts are documents of other kinds; and one of Kubernetes, for kubectl.
    .filter((kind) => kind !== 'DoctorBundle' && kind !== 'List');
  expect(printed.length).toBeGreaterThan(15);
  expect([...new Set(printed)].filter((kind) => findKind(kind) === undefined)).toEqual([]);
});

describe('schema', () => {
  it('lists the kinds', async () => {
    const { code, stdout } = await machine.run('schema', '-o', 'name');
    expect([code, stdout.trim().split('\n')]).toEqual([0, documentKinds.map(({ kind }) => kind)]);
  });

  it('of every kind is a JSON Schema, also as YAML', async () => {
    for (const { kind, form } of documentKinds) {
      const { code, stdout } = await machine.run('schema', kind);
      const schema = JSON.parse(stdout);
      expect([kind, code, schema.type, schema.properties.kind.const]).toEqual([kind, 0, 'object', kind]);
      const own = { list: 'items', item: 'item', file: 'steps' }[form];
      expect(Object.keys(schema.properties)).toContain(own);
    }
    expect((await machine.run('schema', 'bucket', '-o', 'yaml')).stdout).toMatch(/^title: Bucket\n/);
  });

  it('of an unknown kind is exit 2 naming the known ones', async () => {
    const { code, stdout, stderr } = await machine.run('schema', 'Buckett');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('there is no kind "Buckett": there are Audit, ');
  });

  it.each([
    ['queue', 'list'],
    ['queue', 'get', 'evt_x'],
    ['event', 'list'],
    ['event', 'get', 'evt_x'],
    ['bucket', 'get', 'evt_x'],
    ['bucket', 'history', 'evt_x'],
    ['budget', 'get'],
    ['audit', 'list'],
    ['auth', 'status'],
    ['context', 'list'],
    ['context', 'show'],
    ['config', 'list'],
    ['queue', 'positions', 'evt_x'],
    ['queue', 'settings', 'get', 'evt_x'],
    ['sale', 'status', 'evt_x'],
    ['sale', 'report', 'evt_x'],
    ['bucket', 'set', 'evt_x', '--refill', '80'],
    ['bucket', 'set', 'evt_x', '--refill', '80', '--dry-run'],
    ['simulate', '--from-live', 'evt_x', '--refill', '50'],
  ])('holds for what %s %s prints', async (...argv) => {
    const { code, stdout, stderr } = await machine.run(...argv, '-o', 'json');
    expect([code, stderr]).toEqual([0, expect.anything()]);
    const document = JSON.parse(stdout);
    const kind = findKind(document.kind);
    expect(kind).toBeDefined();
    if (kind !== undefined) documentSchema(kind).parse(document);
  });
});
