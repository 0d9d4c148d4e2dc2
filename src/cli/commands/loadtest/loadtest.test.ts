/** `tacos loadtest` up to the moment at which k6 would start; runs with a real one are in test/k6. */
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeMachine } from '../../testing/fake-runtime.ts';
import { eventOf } from '../../testing/views.ts';

let machine: FakeMachine;
let gateway: Server;
let url = '';
let environment = 'development';

beforeEach(async () => {
  machine = new FakeMachine();
  environment = 'development';
  gateway = createServer((_request, answer) => answer.end(JSON.stringify({ environment })));
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
});
afterEach(async () => {
  machine.remove();
  await new Promise((resolve) => gateway.close(resolve));
});

/** A program that says it is k6 and notes that it was run. */
function fakeK6(version = 'v1.4.0', code = 0): string {
  const path = join(machine.home, 'k6');
  const ran = join(machine.home, 'ran');
  writeFileSync(
    path,
    `#!/bin/sh\nif [ "$1" = version ]; then echo "k6 ${version} (go1.26, linux/amd64)"; exit 0; fi\necho "$@" > ${ran}\necho "script failed here" >&2\nexit ${code}\n`,
  );
  chmodSync(path, 0o755);
  return path;
}
const hasRun = (): boolean => existsSync(join(machine.home, 'ran'));

/** A context at that gateway, whose server calls itself so. */
function contextOf(kind: 'staging' | 'prod'): void {
  machine.env = { TACOS_TOKEN: 'token' };
  const server = `server: "https://admin.example", kind: ${kind}, gateway: "${url}"`;
  machine.config(`contexts:\n  there: {${server}${kind === 'prod' ? ', protected: true' : ''}}\n`);
  machine.api.environment = kind === 'prod' ? 'production' : 'staging';
  environment = machine.api.environment;
}

describe('loadtest', () => {
  it('lists what there is', async () => {
    const { code, stdout } = await machine.run('loadtest', 'list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^NAME +TIME +REQUESTS +PEAK\/S +WHAT\nsmoke /);
    expect(stdout).toMatch(/^30k +2\.0m +3,150,000 +30,000 /m);
    const { stdout: names } = await machine.run('loadtest', 'list', '-o', 'name');
    expect(names.trim().split('\n')).toEqual('smoke join journey 5k 30k spike soak abuse'.split(' '));
  });

  it('names the load test that was probably meant', async () => {
    const { code, stderr } = await machine.run('loadtest', 'smoker');
    expect([code, stderr]).toEqual([2, expect.stringContaining('tacos loadtest smoke')]);
  });

  it('without k6 ends with 11, says how to get it, and has sent nothing', async () => {
    machine.env.PATH = machine.home;
    const { code, stderr } = await machine.run('loadtest', 'smoke', '--base-url', url);
    expect([code, stderr]).toEqual([11, expect.stringContaining('go install go.k6.io/k6@v1.4.0')]);
    for (const [name, argv] of [
      ['TACOS_K6 "/no/k6"', []],
      ['--k6 "/none"', ['--k6', '/none']],
    ] as const) {
      machine.env.TACOS_K6 = '/no/k6';
      const refused = await machine.run('loadtest', 'smoke', '--base-url', url, ...argv);
      expect([refused.code, refused.stderr]).toEqual([11, expect.stringContaining(`${name} is no k6`)]);
    }
  });

  it.each([
    ['v1.3.0', 11],
    ['v0.57.0', 11],
    ['v1.4.0', 107],
    ['v2.1.0', 107],
  ])('takes k6 %s as it is: exit %i', async (version, code) => {
    const ran = await machine.run('loadtest', 'smoke', '--base-url', url, '--k6', fakeK6(version, 107));
    expect([ran.code, hasRun()]).toEqual([code, code === 107]);
    if (code === 107) expect(ran.stderr).toContain('script failed here');
  });

  it('ends with 7 where no gateway answers', async () => {
    const { code, stderr } = await machine.run(
      'loadtest',
      'smoke',
      '--base-url',
      'http://127.0.0.1:1',
      '--k6',
      fakeK6(),
    );
    expect([code, hasRun(), stderr]).toEqual([7, false, expect.stringContaining('nothing was sent')]);
  });

  it.each([
    ['--baseline', 'nowhere.json'],
    ['--baseline', 'package.json'],
    ['--base-url', 'ftp://gateway'],
  ])('refuses %s %s before anything is sent', async (flag, value) => {
    const base = flag === '--base-url' ? [] : ['--base-url', url];
    const { code } = await machine.run('loadtest', 'smoke', ...base, flag, value, '--k6', fakeK6());
    expect([code, hasRun()]).toEqual([2, false]);
  });

  it('shows the plan with --dry-run, without k6, and says how many machines it would take', async () => {
    const ran = await machine.run('loadtest', '30k', '--base-url', url, '--dry-run');
    expect([ran.code, ran.stdout]).toEqual([0, 'dry run: nothing was sent\n']);
    expect(ran.stderr).toContain('about 3,150,000 in 2m00s, at most 30,000/s');
    const { stdout } = await machine.run(
      'loadtest',
      '30k',
      '--base-url',
      url,
      '--scale',
      '0.05',
      '--dry-run',
      '-o',
      'json',
    );
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'LoadPlan',
      item: { scenario: '30k', requests: 157_500, peakRequestsPerSec: 1_500, event: 'evt_loadtest' },
    });
  });
});

describe('loadtest at a protected context', () => {
  const yes = ['--yes', '--reason', 'load test before D1'];
  const run = (...argv: string[]) =>
    machine.run(
      'loadtest',
      'smoke',
      '-c',
      'there',
      '--event',
      'evt_demo',
      '--k6',
      fakeK6(undefined, 107),
      ...argv,
    );

  it('refuses an event that is no test, whatever is consented to', async () => {
    contextOf('prod');
    const { code, stderr } = await run(...yes);
    expect([code, hasRun(), stderr]).toEqual([
      6,
      false,
      expect.stringContaining('evt_demo is no test event'),
    ]);
  });

  it('runs at a test event with --yes and a reason, and names what is missing of them', async () => {
    contextOf('prod');
    machine.api.eventsNow = [eventOf({ event: 'evt_demo', kind: 'test' })];
    const none = await run();
    expect([none.code, hasRun(), none.stderr]).toEqual([
      5,
      false,
      expect.stringContaining('--yes and --reason'),
    ]);
    const { code } = await run(...yes);
    expect([code, hasRun()]).toEqual([107, true]);
  });

  it('refuses a production gateway of which no context is known', async () => {
    environment = 'production';
    machine.env = {};
    const { code, stderr } = await machine.run('loadtest', 'smoke', '--base-url', url, '--k6', fakeK6());
    expect([code, hasRun(), stderr]).toEqual([6, false, expect.stringContaining('calls itself production')]);
  });

  it('elsewhere warns of an event with visitors of its own, and goes on', async () => {
    contextOf('staging');
    const { code, stderr } = await run();
    expect([code, hasRun(), stderr]).toEqual([
      107,
      true,
      expect.stringContaining('evt_demo is no test event'),
    ]);
  });
});
