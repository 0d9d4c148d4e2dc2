import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliError } from '../../errors.ts';
import { FakeMachine } from '../../testing/fake-runtime.ts';
import { findingOf } from '../../testing/views.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

const paused = findingOf({
  result: 'fail',
  text: 'paused: nobody is let through, 5000 people wait',
  next: 'tacos queue resume evt_x',
  runbook: 'paused.md',
});
const aofOff = findingOf({
  check: 'aof-off',
  result: 'warn',
  event: null,
  text: 'no file',
  who: 'whoever runs Redis',
});
const doctor = (...argv: string[]) => machine.run('doctor', ...argv);

describe('doctor', () => {
  it('ends with 0 when all is well, and counts what it looked at', async () => {
    expect(await doctor('evt_x')).toEqual({ code: 0, stdout: '5 of 5 checks pass\n', stderr: '' });
  });

  it('names the cause first, with the command that ends it, and ends with 10', async () => {
    machine.api.findingsNow = [findingOf({ check: 'gateway-missing' }), aofOff, paused];
    const { code, stdout } = await doctor('evt_x');
    expect(code).toBe(10);
    expect(stdout.split('\n').slice(0, 6)).toEqual([
      'fail  paused evt_x: paused: nobody is let through, 5000 people wait',
      '      next  tacos queue resume evt_x',
      '      see   docs/runbook/paused.md',
      'warn  aof-off: no file',
      '      who   whoever runs Redis',
      '5 of 7 checks pass',
    ]);
  });

  it('shows a pass that is worth a note, and ends with 0', async () => {
    const text = 'recovered 2 min ago. Redis was restarted or failed over: 7 places given back';
    machine.api.findingsNow = [findingOf({ check: 'recovering', note: true, text })];
    const { code, stdout } = await doctor('evt_x');
    expect([code, stdout]).toEqual([0, `note  recovering evt_x: ${text}\n5 of 5 checks pass\n`]);
  });

  it('adds -c to what is to be run next where it was given here', async () => {
    machine.config('contexts:\n  stg: {server: "https://admin.stg.example", kind: staging}\n');
    machine.api.environment = 'staging';
    machine.api.findingsNow = [paused, { ...aofOff, next: 'redis-cli CONFIG SET appendonly yes' }];
    const { stdout } = await doctor('evt_x', '-c', 'stg');
    expect(stdout).toContain('next  tacos queue resume evt_x -c stg\n');
    expect(stdout).toContain('next  redis-cli CONFIG SET appendonly yes\n');
  });

  it('lists what passes with -o wide, and prints data in the other formats', async () => {
    machine.api.findingsNow = [paused];
    expect((await doctor('-o', 'wide')).stdout).toContain(
      'pass  unreachable: the server answers; it runs 1.2.3\n',
    );
    const { stdout, code } = await doctor('evt_x', '-o', 'json');
    expect(code).toBe(10);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'FindingList',
      items: [{ check: 'paused', result: 'fail' }, {}, {}, {}, {}],
    });
    expect((await doctor('evt_x', '-o', 'name')).stdout.split('\n')[0]).toBe('paused');
  });

  it('fails on warnings with --strict alone', async () => {
    machine.api.findingsNow = [aofOff];
    expect((await doctor('evt_x')).code).toBe(0);
    expect((await doctor('evt_x', '--strict')).code).toBe(10);
  });

  it('looks at the named checks only, and does not know others', async () => {
    machine.api.findingsNow = [paused, aofOff];
    const { code, stdout } = await doctor('evt_x', '--only', 'aof-off,clock-skew');
    expect([code, stdout.split('\n').at(-2)]).toEqual([0, '1 of 2 checks pass']);
    expect((await doctor('evt_x', '--only', 'admissions-none', 'aof-off')).code).toBe(0);
    expect(await doctor('evt_x', '--only', 'everything')).toMatchObject({ code: 2, stdout: '' });
  });

  it('ends with 3 for an event that is not there', async () => {
    machine.api.failures.doctor = new CliError('event not found', { code: 'EVENT_NOT_FOUND', exitCode: 3 });
    expect((await doctor('evt_none')).code).toBe(3);
  });
});

describe('this end of the line', () => {
  const first = async () => (await doctor('evt_x')).stdout.split('\n').slice(0, 2).join('\n');

  it('names a server that cannot be reached, and nothing else', async () => {
    machine.api.failures.version = new CliError('http://127.0.0.1:1 cannot be reached: refused', {
      code: 'UNREACHABLE',
      exitCode: 7,
      why: 'nothing was sent',
      hint: 'tacos up',
    });
    const { code, stdout } = await doctor('evt_x');
    expect([code, stdout]).toEqual([
      10,
      'fail  unreachable: http://127.0.0.1:1 cannot be reached: refused (nothing was sent)\n' +
        '      next  tacos up\n      see   docs/runbook/unreachable.md\n0 of 1 checks pass\n',
    ]);
  });

  it('names a sign-in that is missing or has ended', async () => {
    machine.env.TACOS_TOKEN = undefined;
    expect(await first()).toContain('fail  signed-in: ');
    machine.env.TACOS_TOKEN = 'old';
    machine.api.failures.whoami = new CliError('signed out', {
      code: 'UNAUTHENTICATED',
      exitCode: 4,
      hint: 'tacos auth login',
    });
    expect(await first()).toMatch(/^fail {2}signed-in: signed out.*\n {6}next {2}tacos auth login/);
  });

  it('warns of a sign-in that ends in a minute, a clock that is off, and a tacos that is too old', async () => {
    machine.api.whoamiNow = { ...machine.api.whoamiNow, expiresAt: '2026-11-21T05:04:21.000Z' };
    expect(await first()).toContain('warn  signed-in: signed in as mina (operator), for 1m00s only');
    machine.api.whoamiNow = { name: 'mina', role: 'operator', issuer: 'local' };
    machine.api.clockSkewSec = -3.2;
    expect(await first()).toContain("warn  clock-skew: the clock here is 3.2 s ahead of the server's");
    machine.api.clockSkewSec = 1.9;
    machine.api.version = async () => ({
      version: '2.0.0',
      environment: 'development',
      minCliVersion: '1.10.0',
    });
    expect(await first()).toContain(
      'warn  client-version: this is tacos 1.2.3; the server is tested with 1.10.0',
    );
  });

  it('says so when the server answers but cannot reach its Redis', async () => {
    machine.api.failures.doctor = new CliError('no Redis', { code: 'UNAVAILABLE', exitCode: 7 });
    expect(await doctor('evt_x')).toMatchObject({
      code: 10,
      stdout: expect.stringMatching(/^fail {2}unreachable: no Redis/),
    });
  });
});

describe('--bundle', () => {
  it('writes findings, snapshots, versions and the audit trail for its owner alone, without a token', async () => {
    const file = join(machine.home, 'doctor.json');
    machine.api.findingsNow = [paused];
    const { code, stderr } = await doctor('evt_x', '--bundle', file);
    expect([code, stderr]).toEqual([10, `bundle: ${file}\n`]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = readFileSync(file, 'utf8');
    expect(JSON.parse(text)).toMatchObject({
      kind: 'DoctorBundle',
      client: { version: '1.2.3' },
      server: { version: '1.2.3' },
      findings: [{ check: 'paused' }, {}, {}, {}, {}],
      snapshots: [{ event: 'evt_x' }],
      audit: [{ auditId: 'aud_7R0D' }, {}],
    });
    expect(text).not.toContain('env-token');
  });

  it('holds what there is when the server is away, and says which part failed', async () => {
    const file = join(machine.home, 'doctor.json');
    machine.api.failures.overview = new CliError('no Redis', { code: 'UNAVAILABLE', exitCode: 7 });
    await doctor('--bundle', file);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ overview: { error: 'no Redis' } });
    machine.api.failures.version = new CliError('away', { code: 'UNREACHABLE', exitCode: 7 });
    await doctor('--bundle', file);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ findings: [{ check: 'unreachable' }] });
  });

  it('ends with 1 when the file cannot be written', async () => {
    writeFileSync(join(machine.home, 'a-file'), '');
    expect((await doctor('--bundle', join(machine.home, 'a-file', 'doctor.json'))).code).toBe(1);
  });
});
