/** The scripts as runners in a cluster find them: one folder, made of a ConfigMap. Kubernetes itself is in test/kube. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadManifests } from '../../src/admin-api/cluster/load-manifests.ts';
import { k6SummarySchema } from '../../src/cli/commands/loadtest/load-report.ts';
import { readScenarios } from '../../src/cli/commands/loadtest/scenarios.ts';
import { summaryMark } from '../../src/contract/loadtest.ts';
import { k6Path } from '../helpers/k6.ts';

const run = promisify(execFile);
const { scenarios } = await readScenarios();
const place = { namespace: 'loadtest', baseUrl: 'http://127.0.0.1:9', image: 'grafana/k6:1.4.0' };
let folder = '';

/** Writes the files of a scenario; the path of its script. */
function unpack(scenario: string): string {
  const start = { name: 'tacos-x', scenario, event: 'evt_x', runners: 1, scale: 1, timeScale: 0.05 };
  const [map] = loadManifests({ ...start, auditId: '', actor: '' }, place) as [
    { data: Record<string, string> },
  ];
  for (const [name, text] of Object.entries(map.data)) writeFileSync(join(folder, name), text);
  return join(folder, `${scenario}.js`);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tacos-k6-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('load tests for runners in a cluster', () => {
  it.each(scenarios.map(({ name }) => name))('%s is found whole by k6', async (name) => {
    const { stdout } = await run(k6Path(), ['inspect', unpack(name)]);
    expect(Object.keys(JSON.parse(stdout).scenarios).length).toBeGreaterThan(0);
  });

  it('leave their figures in a line of the log', async () => {
    const env = {
      ...process.env,
      TACOS_BASE_URL: place.baseUrl,
      TACOS_TIME_SCALE: '0.05',
      TACOS_PATIENCE_SEC: '1',
      TACOS_SUMMARY: '-',
    };
    const args = ['run', '--quiet', '--address', '', unpack('smoke')];
    // Nobody answers there, so nobody is let in: a threshold is crossed.
    const { code, stdout } = await run(k6Path(), args, { env }).then(
      () => ({ code: 0, stdout: '' }),
      (error: { code: number; stdout: string }) => error,
    );
    expect(code).toBe(99);
    const line = stdout.split('\n').find((each) => each.startsWith(summaryMark)) ?? '';
    const { metrics } = k6SummarySchema.parse(JSON.parse(line.slice(summaryMark.length)));
    expect(metrics.tacos_granted?.thresholds).toEqual({ 'count>0': { ok: false } });
  });
});
