import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeLogin } from '../../auth/login-store.ts';
import { FakeMachine } from '../../testing/fake-runtime.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
  machine.env = {};
});
afterEach(() => machine.remove());

const written = `# the team's
current: staging
contexts:
  staging: # the rehearsal
    server: https://admin.stg.example/
    kind: staging
  apne2-prod: {server: https://admin.apne2.example, kind: prod, limits: {maxRefill: 200, maxStep: 2x}}
`;
const file = () => join(machine.home, '.config/tacos/config.yaml');
const text = () => readFileSync(file(), 'utf8');
const rows = async (...argv: string[]) => JSON.parse((await machine.run(...argv, '-o', 'json')).stdout);

describe('context list and show', () => {
  it('show those of the file and the running local one, with the one in force', async () => {
    machine.config(written);
    machine.local();
    const { items } = await rows('context', 'list');
    expect(items.map((item: { context: string }) => item.context)).toEqual([
      'staging',
      'apne2-prod',
      'local',
    ]);
    expect(items[0]).toMatchObject({ server: 'https://admin.stg.example', current: true, protected: false });
    expect(items[1]).toMatchObject({ protected: true, limits: { maxRefill: 200, maxStep: '2x' } });
    expect(items[2]).toMatchObject({ kind: 'dev', protected: false });
    const table = (await machine.run('context', 'list')).stdout;
    expect(table).toMatch(/^\* +staging/m);
    expect((await rows('context', 'show', '-c', 'local')).item).toMatchObject({
      context: 'local',
      current: true,
    });
    expect((await rows('context', 'show', 'apne2-prod')).item.current).toBe(false);
  });

  it('do not show the password of a proxy', async () => {
    machine.config('contexts: {a: {server: https://a.example, proxy: "http://me:secret@127.0.0.1:3128"}}');
    const shown = (await machine.run('context', 'show', 'a', '-o', 'yaml')).stdout;
    expect(shown).toContain('proxy: http://***@127.0.0.1:3128');
    expect(shown).not.toContain('secret');
  });

  it('of an unknown one, or of none, are exit 3', async () => {
    expect((await machine.run('context', 'show')).code).toBe(3);
    machine.config(written);
    const { code, stderr } = await machine.run('context', 'show', 'prod');
    expect([code, stderr]).toEqual([3, expect.stringContaining('config.yaml has staging, apne2-prod')]);
  });
});

describe('context use', () => {
  it('makes one current and keeps the comments', async () => {
    machine.config(written.replace('current: staging\n', ''));
    expect((await machine.run('context', 'use', 'staging')).code).toBe(0);
    expect(text()).toContain('current: staging');
    expect(text()).toContain("# the team's");
    expect(text()).toContain('# the rehearsal');
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    await machine.run('context', 'use', 'local');
    expect(text()).not.toContain('current:');
  });

  it('of a protected one prints the line for this shell, changes nothing and is exit 6', async () => {
    machine.config(written);
    const { code, stdout, stderr } = await machine.run('context', 'use', 'apne2-prod');
    expect([code, stdout]).toEqual([6, 'export TACOS_CONTEXT=apne2-prod\n']);
    expect(stderr).toContain('is protected and was not made current');
    expect(text()).toBe(written);
  });

  it('says when the environment goes first', async () => {
    machine.config(written);
    machine.env = { TACOS_CONTEXT: 'apne2-prod' };
    expect((await machine.run('context', 'use', 'staging')).stderr).toContain(
      'TACOS_CONTEXT is set in this shell',
    );
    expect((await machine.run('context', 'use', 'nowhere')).code).toBe(3);
  });
});

describe('context set', () => {
  it('makes a file, private, and says how to go on', async () => {
    const { code, stderr } = await machine.run(
      'context',
      'set',
      'stg',
      '--server',
      'https://a.example',
      '--kind',
      'staging',
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining('next: tacos context use stg')]);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect((await rows('context', 'show', 'stg')).item).toMatchObject({
      server: 'https://a.example',
      kind: 'staging',
    });
  });

  it('changes only what is given', async () => {
    machine.config(written);
    await machine.run(
      'context',
      'set',
      'apne2-prod',
      '--max-refill',
      '100',
      '--require-reason',
      '--proxy',
      'socks5h://127.0.0.1:1080',
    );
    expect((await rows('context', 'show', 'apne2-prod')).item).toMatchObject({
      limits: { maxRefill: 100, maxStep: '2x' },
      protected: true,
      requireReason: true,
      kind: 'prod',
      proxy: 'socks5h://127.0.0.1:1080',
    });
    expect(text()).toContain('# the rehearsal');
  });

  it.each([
    [['new'], 'it needs --server URL'],
    [['staging'], 'nothing to set'],
    [['new', '--server', 'ftp://a'], '--server "ftp://a" is not a URL such as https://admin.example'],
    [['staging', '--kind', 'production'], '--kind "production" is not one of prod, staging, test, dev'],
    [['staging', '--proxy', 'socks4://a:1'], '--proxy "socks4://a:1" is not valid: http://HOST:PORT'],
    [['staging', '--max-step', '0.5x'], '--max-step "0.5x" is not valid: a factor above 1x'],
    [['staging', '--protected'], '"staging" is protected, so it cannot be current'],
    [
      ['new', '--server', 'https://a.example', '--token-file', 'op.token'],
      'context set does not take --token-file',
    ],
    [['staging', '--kind', 'test', '--token-file', 'op.token'], 'try   export TACOS_TOKEN_FILE=op.token'],
    [['local', '--server', 'http://127.0.0.1:1'], 'is the tacos up of this machine'],
    [['../x', '--server', 'http://127.0.0.1:1'], 'a name has 1 to 64 letters'],
  ])('%j is exit 2 and leaves the file as it was', async (argv, message) => {
    machine.config(written);
    const { code, stdout, stderr } = await machine.run('context', 'set', ...argv);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(message)]);
    expect(text()).toBe(written);
  });
});

describe('production', () => {
  it.each([
    [['--no-protected'], 'is always protected'],
    [['--kind', 'dev'], 'would take its protection away'],
    [['--kind', 'prod', '--no-protected'], 'is always protected'],
  ])('takes no %j: exit 6, and the file stays', async (flags, message) => {
    machine.config(written);
    const { code, stdout, stderr } = await machine.run('context', 'set', 'apne2-prod', ...flags);
    expect([code, stdout, stderr]).toEqual([6, '', expect.stringContaining(message)]);
    expect(text()).toBe(written);
  });

  it('is protected though the file says otherwise, and can be made again as something else', async () => {
    machine.config(written.replace('kind: prod', 'kind: prod, protected: false'));
    expect((await rows('context', 'show', 'apne2-prod')).item.protected).toBe(true);
    expect((await machine.run('context', 'use', 'apne2-prod')).code).toBe(6);
    await machine.run('context', 'remove', 'apne2-prod');
    const again = ['apne2-prod', '--server', 'https://a.example', '--kind', 'dev', '--no-protected'];
    expect((await machine.run('context', 'set', ...again)).code).toBe(0);
  });
});

describe('a file whose current context cannot be used', () => {
  const broken = written.replace('current: staging', 'current: apne2-prod');

  it('stops only what would use it, and says both ways out', async () => {
    machine.config(broken);
    machine.local();
    machine.env = { TACOS_TOKEN: 't' };
    const stopped = await machine.run('queue', 'list');
    expect([stopped.code, machine.targets]).toEqual([2, []]);
    expect(stopped.stderr).toContain('tacos context use NAME');
    expect(stopped.stderr).toContain('try   export TACOS_CONTEXT=apne2-prod\n');
    expect((await machine.run('queue', 'list', '-c', 'local')).code).toBe(0);
    expect((await machine.run('queue', 'list', '-c', 'staging')).code).toBe(0);
    machine.env = { TACOS_TOKEN: 't', TACOS_CONTEXT: 'apne2-prod' };
    expect((await machine.run('queue', 'list')).code).toBe(0);
  });

  it.each([
    ['apne2-prod', 'is protected, so it cannot be current'],
    ['nowhere', 'there is no context "nowhere"'],
  ])('can be mended by commands: current is %s', async (name, problem) => {
    machine.config(written.replace('current: staging', `current: ${name}`));
    const list = await machine.run('context', 'list');
    expect([list.code, list.stderr]).toEqual([0, expect.stringContaining(problem)]);
    expect((await machine.run('config', 'list')).code).toBe(0);
    expect((await machine.run('config', 'set', 'timeout', '20s')).code).toBe(0);
    expect((await machine.run('context', 'set', 'staging', '--read-only')).code).toBe(0);
    expect((await machine.run('context', 'use', 'local')).code).toBe(0);
    expect(text()).not.toContain('current:');
  });
});

describe('context remove', () => {
  it('takes its sign-in with it, and is not current any more', async () => {
    machine.config(written);
    const place = { env: {}, home: machine.home, platform: 'linux' as const };
    const login = { server: 'https://admin.stg.example', issuer: 'i', clientId: 'c', scope: 's', token: 't' };
    writeLogin(place, 'staging', login);
    expect((await rows('context', 'show')).item.signedIn).toBe(true);
    expect((await machine.run('context', 'remove', 'staging')).code).toBe(0);
    expect(existsSync(join(machine.home, '.local/state/tacos/tokens/staging.json'))).toBe(false);
    expect(text()).not.toContain('staging');
    expect((await machine.run('context', 'remove', 'staging')).code).toBe(3);
  });
});

describe('a file with a mistake', () => {
  it('is exit 2 for what reads it, names the mistake, and does not stop help', async () => {
    machine.config('contexts: {prod: {server: https://a.example, protcted: true}}');
    for (const argv of [
      ['context', 'list'],
      ['queue', 'list'],
      ['config', 'list'],
      ['context', 'use', 'prod'],
    ]) {
      const { code, stderr } = await machine.run(...argv);
      expect([argv, code, stderr]).toEqual([argv, 2, expect.stringContaining('protcted')]);
    }
    expect((await machine.run('help', 'contexts')).code).toBe(0);
    expect((await machine.run('config', 'path')).stdout).toBe(`${file()}\n`);
  });
});
