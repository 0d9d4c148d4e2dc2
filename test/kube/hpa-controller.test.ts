/** With the real controllers: a change of the floor moves a Deployment, and `tacos hpa watch` sees it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { furnish, namespace } from '../helpers/hpa.ts';
import { type Kube, kubeTools, startKube } from '../helpers/kube.ts';
import { type Office, openOffice } from '../helpers/office.ts';

describe.runIf(kubeTools !== undefined)('tacos hpa watch', () => {
  let kube: Kube;
  let office: Office;
  beforeAll(async () => {
    kube = await startKube();
    await furnish(kube);
    await kube.startControllers();
    const KUBECONFIG = await kube.configOf('tacos', namespace);
    office = await openOffice({ gateways: 0, adminEnv: { KUBE_HPA: 'gateway', KUBECONFIG } });
  });
  afterAll(async () => {
    await office?.stop();
    await kube?.stop();
  });

  it('sees the Deployment grow to a new floor, and why the pods are not ready', async () => {
    const first = await office.tacos(['hpa', 'watch', '--until', 'current==1', '--timeout', '60s']);
    expect([first.stderr, first.code]).toEqual(['', 0]);
    const from = office.captured().length;
    const watching = office.tacos([
      'hpa',
      'watch',
      '--until',
      'current>=3',
      '--timeout',
      '60s',
      '-o',
      'jsonl',
    ]);
    // It has seen what was before.
    await eventually(() => office.captured().slice(from).includes('"minReplicas"'), { withinMs: 20_000 });
    const patched = await office.tacos([
      'hpa',
      'patch',
      '--min',
      '3',
      '--take-over',
      '--reason',
      'sale at noon',
    ]);
    expect(patched.code).toBe(0);
    const { code, stdout } = await watching;
    expect(code).toBe(0);
    const seen = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { minReplicas: number; replicas: { current: number } });
    expect(seen[0]?.replicas.current).toBe(1);
    expect(seen.at(-1)).toMatchObject({ minReplicas: 3, replicas: { asked: 3, current: 3, ready: 0 } });
    // Nothing runs pods here, so they stay unready; and there is no metrics server.
    await eventually(
      async () => {
        const { item } = JSON.parse((await office.tacos(['hpa', 'get', '-o', 'json'])).stdout);
        const codes = item.why.map(({ code: each }: { code: string }) => each);
        expect(codes).toContain('NotReady');
        expect(codes).toContain('FailedGetResourceMetric');
      },
      { withinMs: 20_000, everyMs: 500 },
    );
  });

  it('at max is what doctor finds', async () => {
    const finding = async () => {
      const argv = ['doctor', '--only', 'hpa-at-max', '-o', 'json'];
      const { items } = JSON.parse((await office.tacos(argv)).stdout) as {
        items: { result: string; text: string }[];
      };
      return items.map(({ result, text }) => `${result}: ${text}`);
    };
    expect((await office.tacos(['hpa', 'patch', '--max', '3', '--take-over'])).code).toBe(0);
    await eventually(async () => expect(await finding()).toEqual(['warn: 3 of at most 3 gateways run']), {
      withinMs: 20_000,
      everyMs: 500,
    });
    await office.tacos(['hpa', 'patch', '--max', '9', '--take-over']);
    await eventually(async () => expect(await finding()).toEqual(['pass: 3 of at most 9 gateways run']), {
      withinMs: 20_000,
      everyMs: 500,
    });
  });
});
