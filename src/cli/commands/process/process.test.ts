import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeMachine } from '../../testing/fake-runtime.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
  mkdirSync(join(machine.home, 'gateway'));
  const saved = JSON.stringify(join(machine.home, 'argv.json'));
  const program = `require('node:fs').writeFileSync(${saved}, JSON.stringify(process.argv.slice(2)));`;
  writeFileSync(join(machine.home, 'gateway', 'main.js'), program);
});
afterEach(() => machine.remove());

describe('tacos gateway', () => {
  it('names its own flags in its help', async () => {
    const { stdout } = await machine.run('gateway', '--help');
    for (const flag of ['--port <P>', '--grpc-port <P>', '--workers <N>', '--print-config'])
      expect(stdout).toContain(flag);
  });

  it('hands them on as they were given, with what only the gateway knows', async () => {
    const { code } = await machine.run(
      ...['gateway', '--port', '0', '--grpc-port=70000', '--workers', 'x', '--print-config', '--new', 'word'],
    );
    expect(code).toBe(0);
    const argv: unknown = JSON.parse(readFileSync(join(machine.home, 'argv.json'), 'utf8'));
    expect(argv).toEqual([
      ...['--workers=x', '--port=0', '--grpc-port=70000', '--print-config'],
      ...['--new', 'word'],
    ]);
  });
});
