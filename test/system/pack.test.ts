/** `npm run pack`: the tarball alone is a whole tacos, on a host without Node and without a network. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import project from '../../package.json' with { type: 'json' };
import { root } from '../helpers/processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'tacos-packed-'));
const name = `tacos-${project.version}-${process.platform}-${process.arch}`;
const unpacked = join(folder, 'opt', name);
const tools = join(folder, 'bin');

const run = (command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) =>
  spawnSync(command, args, { encoding: 'utf8', env, timeout: 280_000 });

/** By a link in a folder of programs, as it is installed; the only programs on PATH are those that the launcher names. */
const tacos = (...args: string[]) =>
  run(join(tools, 'tacos'), args, {
    PATH: tools,
    HOME: join(folder, 'home'),
    TACOS_DATA_DIR: join(folder, 'data'),
  });

beforeAll(() => {
  const packed = run(process.execPath, [join(root, 'scripts/pack.mjs'), '--out', folder]);
  expect(packed.stderr).toBe('');
  expect(packed.stdout).toMatch(/\.tar\.gz {2}[\d.]+ MB\n$/);
  process.stdout.write(packed.stdout);
  for (const each of ['opt', 'bin', 'home']) mkdirSync(join(folder, each));
  expect(run('tar', ['-xzf', join(folder, `${name}.tar.gz`), '-C', join(folder, 'opt')]).status).toBe(0);
  for (const tool of ['readlink', 'dirname']) {
    symlinkSync(run('sh', ['-c', `command -v ${tool}`]).stdout.trim(), join(tools, tool));
  }
  symlinkSync(join(unpacked, 'bin/tacos'), join(tools, 'tacos'));
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the tarball', () => {
  it('is one folder, named after version and platform, of at most 70 MB packed', () => {
    expect(readdirSync(join(folder, 'opt'))).toEqual([name]);
    expect(statSync(join(folder, `${name}.tar.gz`)).size).toBeLessThan(70_000_000);
  });

  it('runs by its own Node', () => {
    expect(tacos('--version')).toMatchObject({ status: 0, stdout: expect.stringContaining(project.version) });
    const line = tacos('simulate', '--visitors', '1000', '--refill', '50', '-o', 'json');
    expect(line).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(line.stdout)).toHaveProperty('kind');
  });

  it('has gateway and admin API, their scripts for Redis and all', () => {
    expect(tacos('gateway', '--print-config').stdout).toContain('SERVER_PORT=8000');
    expect(tacos('admin', '--print-config').stdout).toContain('ADMIN_ADDRESS=127.0.0.1:8002');
    expect(existsSync(join(unpacked, 'dist/lua/join.lua'))).toBe(true);
  });

  it('has every package that its programs name', () => {
    const dist = join(unpacked, 'dist');
    const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.js'),
    );
    const named = files.flatMap((file) => {
      const text = readFileSync(join(dist, file), 'utf8');
      return Array.from(
        text.matchAll(/^(?:import|export)\b[^;]*?"([^".][^"]*)";|\bimport\("([^".][^"]*)"\)/gm),
        ([, early, late]) => early ?? late ?? '',
      );
    });
    const packages = [...new Set(named)]
      .filter((each) => !each.startsWith('node:') && !builtinModules.includes(each))
      .map((each) => /^(@[^/]+\/)?[^/]+/.exec(each)?.[0] ?? each);
    expect(packages).toContain('fastify');
    expect(packages).toContain('@aws-sdk/client-secrets-manager');
    const missing = packages.filter(
      (each) => !existsSync(join(unpacked, 'node_modules', each, 'package.json')),
    );
    expect(missing).toEqual([]);
  });

  it('loads what is loaded late, such as the AWS and tracing packages', () => {
    const late = [
      '@aws-sdk/client-secrets-manager',
      '@aws-sdk/client-dynamodb',
      '@opentelemetry/sdk-trace',
      'ioredis',
    ];
    const loading = late.map((each) => `await import('${each}');`).join('\n');
    const node =
      readdirSync(join(unpacked, 'node_modules')).find((each) => /^node-(bin-)?\w+-\w+$/.test(each)) ?? '';
    const loaded = spawnSync(
      join(unpacked, 'node_modules', node, 'bin/node'),
      ['--input-type=module', '-e', loading],
      {
        cwd: dirname(join(unpacked, 'dist/x')),
        encoding: 'utf8',
        env: { LD_LIBRARY_PATH: join(unpacked, 'lib') },
      },
    );
    expect(loaded).toMatchObject({ status: 0, stderr: '' });
  });

  it('carries neither sources, tests, benches nor tools of developers', () => {
    expect(readdirSync(unpacked).sort()).toEqual(
      [
        'LICENSE',
        'bin',
        'dist',
        ...(process.platform === 'linux' ? ['lib'] : []),
        'node_modules',
        'package.json',
      ].sort(),
    );
    expect(existsSync(join(unpacked, 'dist/bench'))).toBe(false);
    expect(existsSync(join(unpacked, 'node_modules/vitest'))).toBe(false);
  });
});

it('a platform without a Node is refused with those that have one', () => {
  const refused = run(process.execPath, [
    join(root, 'scripts/pack.mjs'),
    '--platform',
    'plan9-mips',
    '--out',
    folder,
  ]);
  expect(refused.status).toBe(11);
  expect(refused.stderr).toContain('linux-x64');
});
