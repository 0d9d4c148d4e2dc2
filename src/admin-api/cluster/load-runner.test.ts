import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { summaryMark } from '../../contract/loadtest.ts';
import { openLoadRunner } from './load-runner.ts';

/** An API server with one runner, whose log it cuts as the kubelet does: the last lines, and of those the first bytes. */
let log = '';
let server: Server;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tacos-cluster-'));
  server = createServer((request, answer) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://cluster');
    if (pathname.endsWith('/log')) {
      const lines = log
        .split('\n')
        .slice(-1 - Number(searchParams.get('tailLines') ?? Number.POSITIVE_INFINITY));
      const text = lines
        .join('\n')
        .slice(0, Number(searchParams.get('limitBytes') ?? Number.POSITIVE_INFINITY));
      answer.writeHead(200, { 'content-type': 'text/plain' }).end(text);
      return;
    }
    const items = [{ metadata: { name: 'tacos-30k-x-1' }, spec: { containers: [{ name: 'k6' }] } }];
    answer
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ kind: 'PodList', items }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Settings that lead to the server above. */
function settings() {
  const configFile = join(folder, 'config');
  const { port } = server.address() as AddressInfo;
  const cluster = {
    name: 'c',
    cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true },
  };
  const context = { name: 'x', context: { cluster: 'c', user: 'u' } };
  const parts = { clusters: [cluster], users: [{ name: 'u', user: {} }], contexts: [context] };
  writeFileSync(
    configFile,
    JSON.stringify({ apiVersion: 'v1', kind: 'Config', 'current-context': 'x', ...parts }),
  );
  return { configFile, namespace: 'loadtest', baseUrl: 'http://gateway:8000', image: 'grafana/k6:1.4.0' };
}

it('finds the summary of a runner behind whatever k6 warned of', async () => {
  const warning = `time="2026-11-21T05:00:00Z" level=warning msg="Request Failed" error="${'x'.repeat(100)}"\n`;
  log = `${warning.repeat(40_000)}${summaryMark}{"state":{}}\n20.0 s at http://gateway:8000\n`;
  expect(log.length).toBeGreaterThan(4_000_000);
  const runner = await openLoadRunner(settings());
  expect(await runner.summaries('tacos-30k-x')).toEqual([
    { pod: 'tacos-30k-x-1', exitCode: null, summary: '{"state":{}}', said: '' },
  ]);
  // Most of it is the client library, which is large to load.
}, 30_000);
