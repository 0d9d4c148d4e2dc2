import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CliError } from '../errors.ts';
import { FakeMachine } from '../testing/fake-runtime.ts';
import { snapshotOf } from '../testing/views.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

describe('queue list', () => {
  it('prints a table', async () => {
    expect(await machine.run('queue', 'list')).toEqual({
      code: 0,
      stdout: [
        'EVENT     STATE      WAITING  AWAY  REFILL  CAPACITY',
        'evt_x     open         18234    12    50.0       500',
        'evt_late  scheduled        0    12    50.0       500',
        '',
      ].join('\n'),
      stderr: '',
    });
  });

  it('prints names, wide, without headers, or chosen fields', async () => {
    expect((await machine.run('queue', 'list', '-o', 'name')).stdout).toBe('evt_x\nevt_late\n');
    expect((await machine.run('queue', 'list', '--no-headers')).stdout).toMatch(/^evt_x/);
    expect((await machine.run('queue', 'list', '-o', 'wide')).stdout).toMatch(
      / NAME .*ALARM +OPENS_AT +VERSION\n/,
    );
    expect((await machine.run('queue', 'list', '--fields', 'event,waiting')).stdout).toBe(
      'EVENT     WAITING\nevt_x     18234\nevt_late  0\n',
    );
  });

  it('prints documents that parse', async () => {
    const { stdout } = await machine.run('queue', 'list', '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      apiVersion: 'tacos/v1',
      kind: 'QueueList',
      context: 'env',
      asOf: '2026-11-21T05:03:21.000Z',
      items: [{ event: 'evt_x' }, { event: 'evt_late' }],
      warnings: [],
    });
    expect(parse((await machine.run('queue', 'list', '-o', 'yaml')).stdout)).toEqual(JSON.parse(stdout));
    const lines = (await machine.run('queue', 'list', '-o', 'jsonl', '--fields', 'event')).stdout;
    expect(lines).toBe('{"event":"evt_x"}\n{"event":"evt_late"}\n');
  });
});

describe('queue get', () => {
  it('prints the row, or the snapshot as an item', async () => {
    expect((await machine.run('queue', 'get', 'evt_x')).stdout).toContain('212/500');
    const { stdout } = await machine.run(
      'queue',
      'get',
      'evt_x',
      '-o',
      'json',
      '--fields',
      'waiting,bucket.tokens',
    );
    expect(JSON.parse(stdout).item).toEqual({ waiting: 18_234, bucket: { tokens: 212.9 } });
  });

  it('warns of old data', async () => {
    machine.api.snapshotNow = snapshotOf({ stale: true, ageSec: 7.25 });
    expect((await machine.run('queue', 'get', 'evt_x')).stderr).toBe('warning: the data is 7.3 s old\n');
    const { stdout, stderr } = await machine.run('queue', 'get', 'evt_x', '-o', 'json');
    expect([JSON.parse(stdout).warnings, stderr]).toEqual([['the data is 7.3 s old'], '']);
  });

  it('leaves stdout empty when it fails', async () => {
    machine.api.failures.snapshot = new CliError('event "evt_n" not found', {
      code: 'EVENT_NOT_FOUND',
      exitCode: 3,
    });
    const { code, stdout, stderr } = await machine.run('queue', 'get', 'evt_n', '-o', 'json');
    expect([code, stdout]).toEqual([3, '']);
    expect(JSON.parse(stderr).error).toMatchObject({ code: 'EVENT_NOT_FOUND', exitCode: 3 });
  });
});
