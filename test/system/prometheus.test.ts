/** What is made for Prometheus and Grafana: promtool takes it, and every metric that it names is there in a live scrape. */
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPromtool } from '../../scripts/lib/promtool.mjs';
import { dashboardRows } from '../../scripts/reference/monitoring/dashboard.ts';
import { metricTexts } from '../../scripts/reference/monitoring/metrics.ts';
import { recordedRules } from '../../src/contract/alarm-rules.ts';
import { alarmTable } from '../../src/contract/alarms.ts';
import { type SimulatedBackends, startBackends } from '../helpers/backends.ts';
import { newCertificate } from '../helpers/certificates.ts';
import { eventually } from '../helpers/eventually.ts';
import { call, enterAt, joinAt, statusAt } from '../helpers/fleet.ts';
import { type Office, openOffice, tokenOf } from '../helpers/office.ts';
import { root } from '../helpers/processes.ts';
import { type Asked, askedBy, parseScrape } from '../helpers/promql.ts';

const promtool = findPromtool() ?? '';
const deploy = `${root}deploy/`;
const folder = mkdtempSync(join(tmpdir(), 'tacos-prometheus-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const check = (...args: string[]): SpawnSyncReturns<string> =>
  spawnSync(promtool, args, { cwd: `${deploy}prometheus`, encoding: 'utf8' });

/** As Grafana sends them. */
const dashboardExprs = dashboardRows.flatMap(({ panels }) =>
  panels.flatMap(({ targets }) =>
    targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '1m').replaceAll('$event', '.*')),
  ),
);
const ruleExprs = [
  ...recordedRules.map(({ expr }) => expr),
  ...alarmTable.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
];

it('promtool is there, where everything must be', () => {
  if (process.env.CI !== undefined) expect(promtool).not.toBe('');
  else if (promtool === '')
    process.stdout.write('promtool is missing: what is made for Prometheus is not checked\n');
});

it('the metrics and labels that an expression asks for are found', () => {
  const expr =
    'sum by (le) (rate(a_total{x="1}",y=~"b or c"}[5m])) > on(z) group_left max(d:e{}) and f unless time()';
  expect(askedBy(expr)).toEqual([
    { metric: 'a_total', labels: ['x', 'y'] },
    { metric: 'd:e', labels: [] },
    { metric: 'f', labels: [] },
  ]);
});

describe.runIf(promtool !== '')('promtool', () => {
  it('takes the rules and the example of a configuration', () => {
    const rules = check('check', 'rules', 'tacos.rules.yml');
    expect([rules.status, rules.stderr]).toEqual([0, '']);
    expect(rules.stdout).toContain(`${ruleExprs.length} rules found`);
    expect(check('check', 'config', '--syntax-only', 'prometheus.yml').status).toBe(0);
  });

  it('sees every alert go on and off', async () => {
    const child = spawn(promtool, ['test', 'rules', 'tacos.test.yml'], { cwd: `${deploy}prometheus` });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect([code, said.includes('FAILED')], said).toEqual([0, false]);
  });

  it('takes every expression of the dashboard', () => {
    const rules = dashboardExprs.map((expr, index) => ({ record: `panel:${index}`, expr }));
    const file = join(folder, 'panels.json');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules }] }));
    const { status, stderr } = check('check', 'rules', file);
    expect([status, stderr]).toEqual([0, '']);
  });
});

describe('a live scrape', () => {
  let office: Office;
  let backends: SimulatedBackends;
  let trust: Agent;
  beforeAll(async () => {
    backends = await startBackends();
    office = await openOffice({
      gateways: 1,
      workers: 2,
      redis: { args: ['--maxmemory', '1gb'] },
      env: { ...backends.env, BRAKE_MODE: 'shadow' },
      adminEnv: { ADMIN_METRICS_OPEN: 'true', BACKEND_BUDGET_PER_SEC: '500' },
    });
    const { cert, key } = newCertificate(folder, 'admin', 48);
    await office.addAdmin({
      ADMIN_METRICS_OPEN: 'false',
      ADMIN_TLS_CERT_FILE: cert,
      ADMIN_TLS_KEY_FILE: key,
    });
    trust = new Agent({ connect: { ca: readFileSync(cert, 'utf8') } });
  });
  afterAll(async () => {
    await trust?.close();
    await office?.stop();
    await backends?.stop();
  });

  /** Metrics of Prometheus itself and of other exporters. */
  const isForeign = (metric: string): boolean =>
    ['up', 'ALERTS'].includes(metric) || metric.startsWith('kube_') || metric.startsWith('tacos:');
  /** No key of this version has an end, so there is nothing to say of it. */
  const withoutSamples = new Set(['tacos_key_end_seconds']);
  /** What Prometheus adds. */
  const added = new Set(['job', 'instance']);

  async function scrape(): Promise<string[]> {
    const [plain, encrypted] = office.admins;
    const token = { authorization: `Bearer ${tokenOf('vera')}` };
    const texts = [
      await request(`${office.urls[0]}/metrics`),
      await request(`${plain?.url}/metrics`),
      await request(`${encrypted?.url}/metrics`, { dispatcher: trust, headers: token }),
    ];
    return Promise.all(
      texts.map(async ({ statusCode, body }) => {
        expect(statusCode).toBe(200);
        return body.text();
      }),
    );
  }

  /** What visitors and operators do, once: everything that is counted happens. */
  async function makeTraffic(): Promise<void> {
    const gateway = office.urls[0] ?? '';
    const { id: event } = await office.event();
    const change = [
      'bucket',
      'set',
      event,
      '--refill',
      '20',
      '--for',
      '10m',
      '--reason',
      'a trial of ten minutes',
      '--yes',
    ];
    const { code, stderr } = await office.tacos(change);
    expect([code, stderr]).toEqual([0, expect.anything()]);
    const tokens: string[] = [];
    for (let person = 0; person < 12; person += 1) {
      const { body } = await joinAt(gateway, event, { user_id: `u${person}` });
      tokens.push(String(body.waiting_token));
    }
    const [first = '', ...others] = tokens;
    for (const token of tokens) expect((await statusAt(gateway, token)).status).toBe(200);
    const { body } = await eventually(async () => {
      const entered = await enterAt(gateway, first, 'ann');
      return entered.status === 200 && entered;
    });
    const reserved = await call('POST', `${gateway}/api/v1/reservations`, {
      body: { event_id: event, seat_ids: ['A-1-1'], quantity: 1, reservation_token: body.reservation_token },
      headers: {
        authorization: 'Bearer load-test-bypass-token',
        'x-load-test': 'true',
        'x-user-id': 'ann',
        'idempotency-key': 'a-key-of-16-characters',
      },
    });
    expect([reserved.status, reserved.body]).toEqual([201, expect.anything()]);
    await call('DELETE', `${gateway}/api/v1/queue/leave?token=${others.at(-1)}`);
    expect((await statusAt(gateway, 'forged')).status).toBe(404);
  }

  it('has every metric and label that a rule or a panel asks for', async () => {
    await makeTraffic();
    const asked = [...ruleExprs, ...dashboardExprs]
      .flatMap(askedBy)
      .filter(({ metric }) => !isForeign(metric));
    expect(asked.length).toBeGreaterThan(60);
    // Grants are held against the bound from 10 s after the last change on.
    await eventually(
      async () => {
        const { samples, declared } = parseScrape(...(await scrape()));
        const isThere = ({ metric, labels }: Asked): boolean => {
          const known = samples.get(metric);
          if (known === undefined) return withoutSamples.has(metric) && declared.has(metric);
          return labels.every((label) => known.has(label) || added.has(label));
        };
        const missing = asked.filter((each) => !isThere(each));
        expect([...new Set(missing.map(({ metric }) => metric))]).toEqual([]);
      },
      { withinMs: 40_000, everyMs: 500 },
    );
  });

  it('has every metric of the reference, and promtool reads it', async () => {
    const [gateway = '', , admin = ''] = await scrape();
    const texts = metricTexts();
    for (const [text, metrics] of [
      [gateway, texts.gateway],
      [admin, texts.admin],
    ] as const) {
      const { declared } = parseScrape(text);
      expect(metrics.filter(({ name }) => !declared.has(name))).toEqual([]);
      if (promtool === '') continue;
      const { status, stderr } = spawnSync(promtool, ['check', 'metrics'], { input: text, encoding: 'utf8' });
      // 3 = it is read, and there is something to say of the style of its names.
      expect([0, 3], stderr).toContain(status);
      const remarks = stderr.split('\n').filter((line) => line !== '' && !namesThatStand.test(line));
      expect(remarks).toEqual([]);
    }
  });

  it('speaks for all workers, and never of a visitor', async () => {
    const [gateway = ''] = await scrape();
    const line = (pattern: RegExp): string | undefined => pattern.exec(gateway)?.[1];
    expect(line(/^queue_position_histogram_count (\d+)$/m)).toBe('12');
    expect(line(/^queue_operations_total\{operation="join",outcome="ok"\} (\d+)$/m)).toBe('12');
    expect(line(/^admission_rate_counter\{event="[^"]+"\} (\d+)$/m)).toBe('1');
    expect(line(/^backend_breaker_state\{backend="reservation",state="closed"\} (\d+)$/m)).toBe('2');
    expect(gateway).not.toMatch(/v_[a-z2-7]{8}|waiting_token|ann"|u\d+"/);
  });
});

/** Names that dashboards of the first system know, and those of Node's own figures: their style is not ours to choose. */
const namesThatStand =
  /^(admission_rate_counter|eta_accuracy_gauge|queue_position_histogram|nodejs_\w+|process_\w+) /;
