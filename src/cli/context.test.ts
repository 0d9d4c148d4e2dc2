import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliError } from './errors.ts';
import { removeLocal, writeLocal } from './local.ts';
import { FakeMachine } from './testing/fake-runtime.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

const deadPid = 2 ** 22 + 1;
const staging = `
current: staging
contexts:
  staging: {server: "https://admin.stg.example/", kind: staging}
  apne2-prod: {server: https://admin.apne2.example, kind: prod}
  frozen: {server: https://admin.frozen.example, readOnly: true}
`;
const lastTarget = () => machine.targets.at(-1);

describe('a read', () => {
  it('uses TACOS_SERVER and TACOS_TOKEN', async () => {
    expect((await machine.run('queue', 'list')).code).toBe(0);
    expect(lastTarget()).toMatchObject({ server: 'http://127.0.0.1:1', token: 'env-token' });
    expect(lastTarget()?.client).toBe('tacos/1.2.3 (mina@desk-1)');
  });

  it('uses the running local one where there is no other', async () => {
    machine.env = {};
    machine.local();
    expect((await machine.run('queue', 'list')).code).toBe(0);
    expect(lastTarget()).toMatchObject({ server: 'http://127.0.0.1:2', token: 'local-token' });
  });

  it('takes -c over everything, before or after the verb', async () => {
    machine.local();
    machine.config(staging);
    await machine.run('-c', 'local', 'queue', 'list');
    expect(lastTarget()?.server).toBe('http://127.0.0.1:2');
    await machine.run('queue', 'list', '-c', 'staging');
    expect(lastTarget()?.server).toBe('https://admin.stg.example');
    machine.env = { TACOS_CONTEXT: 'apne2-prod', TACOS_TOKEN: 't' };
    await machine.run('queue', 'list');
    expect(lastTarget()?.server).toBe('https://admin.apne2.example');
  });

  it('takes the token from --token-file, then TACOS_TOKEN_FILE, then TACOS_TOKEN', async () => {
    const dataDir = machine.local();
    machine.env.TACOS_TOKEN_FILE = `${dataDir}/operator.token`;
    await machine.run('queue', 'list');
    expect(lastTarget()?.token).toBe('local-token');
    await machine.run('queue', 'list', '--token-file', '-');
    expect(lastTarget()?.token).toBe('stdin-token');
  });

  it('finds the local one of TACOS_DATA_DIR', async () => {
    const dataDir = machine.local();
    machine.env = { TACOS_DATA_DIR: dataDir };
    expect((await machine.run('queue', 'list', '-c', 'local')).code).toBe(0);
    machine.env = { TACOS_DATA_DIR: `${dataDir}-other` };
    const none = await machine.run('queue', 'list', '-c', 'local');
    expect(none.code).toBe(7);
    expect(none.stderr).toContain(`none runs in ${dataDir}-other; running: ${dataDir}`);
    expect(none.stderr).toContain(`try   export TACOS_DATA_DIR=${dataDir}\n`);
  });

  it('goes back to the local one that still runs when a later one has ended', async () => {
    machine.env = {};
    const place = { env: {}, home: machine.home, platform: 'linux' as const };
    machine.local();
    const second = machine.local(process.pid, 'http://127.0.0.1:4', 'second');
    await machine.run('queue', 'list');
    expect(lastTarget()?.server).toBe('http://127.0.0.1:4');
    removeLocal(place, second, process.pid);
    expect((await machine.run('queue', 'list')).code).toBe(0);
    expect(lastTarget()?.server).toBe('http://127.0.0.1:2');
    // One that was killed takes nothing away either.
    machine.local(deadPid, 'http://127.0.0.1:4', 'second');
    expect((await machine.run('queue', 'list')).code).toBe(0);
    expect(lastTarget()?.server).toBe('http://127.0.0.1:2');
  });

  it('is told of by a second one as it starts, unless it was killed', () => {
    const place = { env: {}, home: machine.home, platform: 'linux' as const };
    const first = machine.local();
    machine.local(deadPid, 'http://127.0.0.1:5', 'killed');
    const third = machine.local(process.pid, 'http://127.0.0.1:4', 'third');
    const context = {
      server: 'http://127.0.0.1:4',
      tokenFile: 't',
      gateway: 'g',
      environment: 'development',
    };
    expect(writeLocal(place, third, { ...context, pid: process.pid })).toEqual([first]);
  });
});

describe('no context', () => {
  it('is exit 7 with what to run, also for a dead one', async () => {
    machine.env = {};
    const none = await machine.run('queue', 'list');
    expect([none.code, none.stdout]).toEqual([7, '']);
    expect(none.stderr).toContain('  try   tacos up\n');
    machine.local(deadPid);
    const dead = await machine.run('queue', 'list', '-c', 'local');
    expect(dead.code).toBe(7);
    expect(dead.stderr).toContain('why   none runs in ');
  });

  it('of that name is exit 3', async () => {
    machine.config(staging);
    const { code, stderr } = await machine.run('queue', 'list', '-c', 'prod');
    expect(code).toBe(3);
    expect(stderr).toContain('context "prod" not found\n  why   config.yaml has staging, apne2-prod, frozen');
  });

  it('token is exit 4', async () => {
    machine.env = { TACOS_SERVER: 'http://127.0.0.1:1' };
    expect((await machine.run('queue', 'list')).code).toBe(4);
    machine.env.TACOS_TOKEN_FILE = '/nowhere';
    expect((await machine.run('queue', 'list')).code).toBe(4);
  });

  it('is guessed from a broken or dangerous file: exit 2', async () => {
    machine.env = {};
    machine.config('contexts: {a: {server: ftp://x}}');
    expect((await machine.run('queue', 'list')).stderr).toContain('contexts.a.server');
    machine.config(staging.replace('current: staging', 'current: apne2-prod'));
    const { code, stderr } = await machine.run('queue', 'list');
    expect(code).toBe(2);
    expect(stderr).toContain('try   export TACOS_CONTEXT=apne2-prod');
  });
});

describe('a change', () => {
  const set = (...more: string[]) => machine.run('bucket', 'set', 'evt_x', '--refill', '80', ...more);

  it('never chooses between a current context and a running local one', async () => {
    machine.env = { TACOS_TOKEN: 't' };
    machine.config(staging);
    machine.local();
    const { code, stderr } = await set();
    expect(code).toBe(5);
    expect(stderr).toContain('both "staging" and "local" are at hand');
    expect(machine.api.acts).toEqual([]);
    machine.api.environment = 'staging';
    expect((await set('-c', 'staging')).code).toBe(0);
    machine.api.environment = 'development';
    expect((await set('-c', 'local')).code).toBe(0);
  });

  it('needs no choice where both are the same server, or only one is there', async () => {
    machine.local(process.pid, 'http://127.0.0.1:1');
    expect((await set()).code).toBe(0);
    machine.env = {};
    expect((await set()).code).toBe(0);
  });

  it('is refused by a read-only context and by a server that is not what the context says', async () => {
    machine.env = { TACOS_TOKEN: 't' };
    machine.config(staging);
    const frozen = await set('-c', 'frozen');
    expect([frozen.code, frozen.stderr.includes('read-only')]).toEqual([6, true]);
    machine.api.environment = 'production';
    const other = await set('-c', 'staging');
    expect(other.code).toBe(6);
    expect(other.stderr).toContain('says STAGING, the server calls itself PROD');
    expect(machine.api.acts).toEqual([]);
  });

  it('asks for the name of the context where TACOS_CONTEXT and -c disagree', async () => {
    machine.env = { TACOS_TOKEN: 't', TACOS_CONTEXT: 'apne2-prod' };
    machine.config(staging);
    machine.api.environment = 'staging';
    const nobody = await set('-c', 'staging', '--yes');
    expect(nobody.code).toBe(5);
    expect(nobody.stderr).toContain('TACOS_CONTEXT says "apne2-prod", -c says "staging"');
    machine.answer = 'apne2-prod';
    expect((await set('-c', 'staging')).code).toBe(5);
    expect(machine.api.acts).toEqual([]);
    machine.answer = 'staging';
    expect((await set('-c', 'staging')).code).toBe(0);
    machine.answer = undefined;
    expect((await set('-c', 'staging', '--dry-run')).code).toBe(0);
    expect((await machine.run('queue', 'list', '-c', 'staging')).code).toBe(0);
  });

  it('is refused over the limits of the context', async () => {
    machine.env = { TACOS_TOKEN: 't' };
    machine.config('contexts: {tight: {server: https://a.example, limits: {maxRefill: 60}}}');
    const { code, stderr } = await set('-c', 'tight');
    expect([code, stderr]).toEqual([6, expect.stringContaining('over the maxRefill of this context, 60/s')]);
    expect(machine.api.acts).toEqual([]);
  });
});

describe('a token', () => {
  it('of the environment is not given to the local one, and that is said', async () => {
    machine.local();
    machine.env = { TACOS_TOKEN: 'meant-for-production' };
    const { code, stderr } = await machine.run('queue', 'list', '-c', 'local');
    expect([code, lastTarget()?.token]).toEqual([0, 'local-token']);
    expect(stderr).toContain('warning: TACOS_TOKEN is not used for "local"');
    expect((await machine.run('queue', 'list', '-c', 'local', '-o', 'json')).stderr).toBe('');
  });

  it('does not travel in plain text to a protected server, and elsewhere not unsaid', async () => {
    machine.env = { TACOS_TOKEN: 't' };
    machine.config(`contexts:
  prod: {server: "http://admin.example", kind: prod}
  stg: {server: "http://admin.stg.example"}
  tunnel: {server: "http://127.0.0.1:9", kind: prod}`);
    const prod = await machine.run('queue', 'list', '-c', 'prod');
    expect([prod.code, machine.targets.length]).toEqual([6, 0]);
    expect((await machine.run('queue', 'list', '-c', 'stg')).stderr).toContain('plain http');
    expect(await machine.run('queue', 'list', '-c', 'tunnel')).toMatchObject({ code: 0, stderr: '' });
  });

  it('that the server refuses says where it is from and how to sign in', async () => {
    const details = { code: 'UNAUTHENTICATED', exitCode: 4 };
    machine.api.failures.listEvents = new CliError('A valid bearer token is needed.', details);
    const { code, stderr } = await machine.run('queue', 'list');
    expect(code).toBe(4);
    expect(stderr).toContain('why   the token is from TACOS_TOKEN\n  try   tacos auth login\n');
  });
});

describe('an event that is not there', () => {
  const notFound = (event: string) =>
    new CliError(`event "${event}" not found`, {
      code: 'EVENT_NOT_FOUND',
      exitCode: 3,
      hint: 'tacos event list',
    });

  it('is asked back with the one of the list that is near', async () => {
    machine.api.failures.bucket = notFound('evt_lat');
    const near = await machine.run('bucket', 'get', 'evt_lat');
    expect([near.code, near.stderr]).toEqual([
      3,
      expect.stringContaining('event "evt_lat" not found: did you mean evt_late?\n  try   tacos event list'),
    ]);
    machine.api.failures.plan = notFound('late');
    expect((await machine.run('bucket', 'set', 'late', '--refill', '80')).stderr).toContain('mean evt_late?');
  });

  it('is just not found where none is near, or the list cannot be read', async () => {
    machine.api.failures.bucket = notFound('summer_festival');
    expect((await machine.run('bucket', 'get', 'summer_festival')).stderr).not.toContain('did you mean');
    machine.api.failures.bucket = notFound('evt_lat');
    machine.api.failures.listEvents = new CliError('away', { code: 'UNREACHABLE', exitCode: 7 });
    const { code, stderr } = await machine.run('bucket', 'get', 'evt_lat');
    expect([code, stderr]).toEqual([3, expect.not.stringContaining('did you mean')]);
  });
});

describe('event ids', () => {
  it('of a list are offered by TAB for a minute, in that context only', async () => {
    await machine.run('event', 'list');
    const offered = async () => (await machine.run('complete', '--', 'queue', 'get', 'evt_')).stdout;
    expect(await offered()).toBe('evt_x\t\nevt_late\t\n:4\n');
    machine.env = { TACOS_CONTEXT: 'other' };
    expect(await offered()).toBe(':4\n');
  });
});
