/** `tacos loadtest --distributed` from end to end: the command, the admin API, a real kube-apiserver with RBAC and TestRuns. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubernetesObject } from '@kubernetes/client-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { crdSchemas } from '../helpers/crd-schemas.ts';
import { eventually } from '../helpers/eventually.ts';
import { namespace, type Operator, openOperator } from '../helpers/k6-operator.ts';
import { type Kube, kubeTools, startKube } from '../helpers/kube.ts';
import { type Admin, type Office, openOffice, tokenOf } from '../helpers/office.ts';
import { root } from '../helpers/processes.ts';

const baseUrl = 'http://tacos-gateway.gateway.svc:8000';

/** What a runner says at its end: lines of its own, and our one. */
const logOf = (requests: number, ok = true): string => {
  const metrics = {
    http_reqs: { type: 'counter', values: { count: requests, rate: requests / 20 } },
    tacos_order_errors: {
      type: 'counter',
      values: { count: ok ? 0 : 1 },
      thresholds: { 'count==0': { ok } },
    },
  };
  const summary = {
    run: { endedAt: '2026-11-21T05:03:00.000Z' },
    state: { testRunDurationMs: 20_000 },
    metrics,
  };
  return `time="05:03" level=info msg=ready\ntacos-summary ${JSON.stringify(summary)}\n20.0 s at ${baseUrl}\n`;
};

describe.runIf(kubeTools !== undefined)('tacos loadtest --distributed', () => {
  let kube: Kube;
  let operator: Operator;
  let office: Office;

  beforeAll(async () => {
    kube = await startKube();
    operator = await openOperator(kube);
    const adminEnv = {
      KUBECONFIG: await kube.configOf('tacos', 'gateway'),
      KUBE_LOADTEST_NAMESPACE: namespace,
      KUBE_LOADTEST_URL: baseUrl,
    };
    office = await openOffice({ gateways: 0, adminEnv });
    await office.tacos(['event', 'create', 'evt_load', '--test']);
    await office.tacos(['event', 'create', 'evt_sale']);
  });
  afterAll(async () => {
    await office?.stop();
    await operator?.close();
    await kube?.stop();
  });
  afterEach(() => operator.clear());

  const argv = ['loadtest', 'smoke', '--distributed', '2', '--event', 'evt_load'];
  const start = (...more: string[]) => office.tacos([...argv, ...more]);
  const isClean = async (): Promise<boolean> =>
    (await operator.testRuns()).length + (await operator.configMaps()).length === 0;
  /** The newest of that action: records of an event and of none come in any order within a second. */
  const record = async (action: string): Promise<Record<string, unknown> | undefined> => {
    const { stdout } = await office.tacos(['audit', 'list', '-o', 'json']);
    return JSON.parse(stdout).items.find((entry: { action: string }) => entry.action === action);
  };
  const withAdmin = async (
    env: Record<string, string>,
    use: (server: string) => Promise<unknown>,
  ): Promise<void> => {
    const admin: Admin = await office.addAdmin(env);
    try {
      await use(admin.url);
    } finally {
      await admin.stop();
    }
  };

  it('without the k6-operator ends with 11, and leaves nothing', async () => {
    for (const words of [argv, ['loadtest', 'runs'], [...argv, '--dry-run']]) {
      const { code, stderr } = await office.tacos(words);
      expect([code, stderr]).toEqual([11, expect.stringContaining('k6-operator is not installed')]);
    }
    expect(await operator.configMaps()).toEqual([]);
    await operator.install();
  });

  it('--dry-run prints manifests that the API server takes, and changes nothing', async () => {
    const { code, stdout } = await start('--scale', '0.1', '--dry-run', '-o', 'yaml');
    expect(code).toBe(0);
    const objects = parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject);
    expect(objects.map(({ kind }) => kind)).toEqual(['ConfigMap', 'TestRun']);
    expect(crdSchemas.TestRun?.safeParse(objects[1]).error?.issues).toBeUndefined();
    for (const object of objects) await kube.objects.create(object, undefined, 'All');
    const plan = await start('--dry-run');
    expect([plan.code, plan.stdout]).toEqual([0, 'dry run: nothing was changed\n']);
    expect(await isClean()).toBe(true);
  });

  it('makes the objects, follows the stages, reports what the runners logged, and removes all', async () => {
    const file = join(office.home, 'report');
    const running = start('--scale', '0.1', '--reason', 'is it fast?', '--summary', file);
    const testRun = await operator.next();
    const { name } = testRun.metadata;
    expect(testRun.spec).toMatchObject({ parallelism: 2, script: { configMap: { name, file: 'smoke.js' } } });
    expect(testRun.spec.runner.env).toEqual(
      expect.arrayContaining([
        { name: 'TACOS_BASE_URL', value: baseUrl },
        { name: 'TACOS_EVENT', value: 'evt_load' },
        { name: 'TACOS_SCALE', value: '0.1' },
      ]),
    );
    expect(testRun.metadata.ownerReferences).toMatchObject([{ name }]);
    const [scripts] = await operator.configMaps();
    expect(Object.keys(scripts?.data ?? {})).toEqual(expect.arrayContaining(['smoke.js', 'options.js']));
    expect(scripts?.data['smoke.js']).toContain("from './options.js'");
    await operator.say(name, 'created');
    const { item } = JSON.parse((await office.tacos(['loadtest', 'runs', '-o', 'json'])).stdout).items.map(
      (each: object) => ({ item: each }),
    )[0];
    expect(item).toMatchObject({
      name,
      scenario: 'smoke',
      event: 'evt_load',
      actor: 'omar',
      stage: 'created',
    });
    await operator.say(name, 'started');
    await operator.endRunner(testRun, 1, { exitCode: 0, log: logOf(100) });
    await operator.endRunner(testRun, 2, { exitCode: 0, log: logOf(140) });
    const watching = office.tacos(['loadtest', 'watch', name]);
    await operator.say(name, 'finished');
    const ran = await running;
    expect([ran.code, ran.stdout, ran.stderr]).toEqual([
      0,
      expect.stringContaining('smoke: passed'),
      expect.stringContaining(`${name} is removed`),
    ]);
    await watching;
    expect(JSON.parse(readFileSync(`${file}.json`, 'utf8'))).toMatchObject({ requests: 240, baseUrl });
    expect(await isClean()).toBe(true);
    const [stopped, started] = [await record('loadtest.stop'), await record('loadtest.start')];
    expect(started).toMatchObject({ action: 'loadtest.start', event: 'evt_load', reason: 'is it fast?' });
    expect(stopped).toMatchObject({ action: 'loadtest.stop', actor: 'omar', event: null });
  });

  it('ends as k6 did where a promise was broken, fails where the operator does, and removes all', async () => {
    const broken = start();
    const first = await operator.next();
    await operator.endRunner(first, 1, { exitCode: 0, log: logOf(100) });
    await operator.endRunner(first, 2, { exitCode: 99, log: logOf(100, false) });
    await operator.say(first.metadata.name, 'finished');
    expect([(await broken).code, await isClean()]).toEqual([99, true]);
    const failed = start();
    const second = await operator.next();
    await operator.endRunner(second, 1, { exitCode: 107, log: 'GoError: no such file\n' });
    await operator.say(second.metadata.name, 'error');
    const ran = await failed;
    expect([ran.code, ran.stderr, await isClean()]).toEqual([
      107,
      expect.stringContaining('GoError: no such file'),
      true,
    ]);
  });

  it('removes all on Ctrl-C', async () => {
    const child = spawn(process.execPath, ['dist/cli/main.js', ...argv], {
      cwd: root,
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        HOME: office.home,
        XDG_STATE_HOME: join(office.home, 'state'),
        TACOS_SERVER: office.admins[0]?.url ?? '',
        TACOS_TOKEN: tokenOf('omar'),
      },
      stdio: 'ignore',
    });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    let name = '';
    try {
      name = (await operator.next()).metadata.name;
      await operator.say(name, 'started');
      child.kill('SIGINT');
      expect([await ended, await isClean()]).toEqual([130, true]);
    } finally {
      child.kill('SIGKILL');
    }
    expect([await record('loadtest.start'), await record('loadtest.stop')]).toMatchObject([
      { summary: expect.stringContaining(name) },
      { summary: expect.stringContaining(name) },
    ]);
  });

  it('is stopped by anybody who may, once', async () => {
    const running = start();
    const { name } = (await operator.next()).metadata;
    await operator.say(name, 'started');
    const viewer = await office.tacos(['loadtest', 'stop', name], { as: 'vera' });
    expect(viewer.code).toBe(4);
    const stopped = await office.tacos(['loadtest', 'stop', name], { as: 'olga' });
    expect([stopped.code, await isClean()]).toEqual([0, true]);
    const ran = await running;
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('deleted by somebody else')]);
    expect((await office.tacos(['loadtest', 'stop', name])).code).toBe(3);
    expect(await record('loadtest.stop')).toMatchObject({ actor: 'olga' });
  });

  it('is made once for a key, and never over a test of the same name', async () => {
    const action = { type: 'loadtest.start', name: 'tacos-smoke-same', scenario: 'smoke', runners: 1 };
    const post = async (key: string): Promise<number> => {
      const reply = await fetch(`${office.admins[0]?.url}/admin/v1/actions`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${tokenOf('omar')}`,
          'content-type': 'application/json',
          'idempotency-key': key,
        },
        body: JSON.stringify({ events: ['evt_load'], action }),
      });
      return reply.status;
    };
    expect([await post('key-one'), await post('key-one'), await post('key-two')]).toEqual([200, 200, 422]);
    expect([(await operator.testRuns()).length, (await operator.configMaps()).length]).toEqual([1, 1]);
  });

  it('at a protected server goes to test events only, after a yes and a reason', async () => {
    await withAdmin({ ENVIRONMENT_NAME: 'apne2-prod' }, async (server) => {
      const yes = ['--yes', '--reason', 'load test before D1'];
      const sale = ['loadtest', 'smoke', '--distributed', '1', '--event', 'evt_sale'];
      const refused = await office.tacos([...sale, ...yes], { server });
      expect([refused.code, refused.stderr]).toEqual([
        6,
        expect.stringContaining('evt_sale is no test event'),
      ]);
      expect((await office.tacos(argv, { server })).code).toBe(5);
      expect(await isClean()).toBe(true);
      const running = office.tacos([...argv, ...yes], { server });
      const testRun = await operator.next();
      await operator.endRunner(testRun, 1, { exitCode: 0, log: logOf(1) });
      await operator.endRunner(testRun, 2, { exitCode: 0, log: logOf(1) });
      await operator.say(testRun.metadata.name, 'finished');
      expect((await running).code).toBe(0);
    });
  });

  it('has an exit code for each way in which it cannot be', async () => {
    expect((await office.tacos(argv, { as: 'vera' })).code).toBe(4);
    await withAdmin({ KUBE_LOADTEST_NAMESPACE: '', KUBE_LOADTEST_URL: '' }, async (server) => {
      const off = await office.tacos(argv, { server });
      expect([off.code, off.stderr]).toEqual([6, expect.stringContaining('KUBE_LOADTEST_NAMESPACE')]);
    });
    await withAdmin({ KUBECONFIG: await kube.configOf('nobody', 'gateway') }, async (server) => {
      for (const words of [argv, ['loadtest', 'runs'], ['loadtest', 'stop', 'tacos-x']]) {
        const { code, stderr } = await office.tacos(words, { server });
        expect([code, stderr]).toEqual([4, expect.stringContaining('Kubernetes does not let')]);
      }
    });
    await kube.killApi();
    try {
      for (const words of [argv, ['loadtest', 'runs'], ['loadtest', 'stop', 'tacos-x']])
        expect([words, (await office.tacos(words)).code]).toEqual([words, 7]);
    } finally {
      await kube.startApi();
    }
    await eventually(async () => (await office.tacos(['loadtest', 'runs'])).code === 0, { withinMs: 15_000 });
  });
});
