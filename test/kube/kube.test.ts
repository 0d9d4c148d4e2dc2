import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Kube, kubeMissing, kubeTools, startKube } from '../helpers/kube.ts';

it('the programs are there, where everything must be', () => {
  if (process.env.CI !== undefined) expect(kubeTools).toBeDefined();
  else if (kubeTools === undefined) process.stdout.write(kubeMissing);
});

describe.runIf(kubeTools !== undefined)('a Kubernetes API of a test', () => {
  let kube: Kube;
  beforeAll(async () => {
    kube = await startKube();
  });
  afterAll(() => kube?.stop());

  it('takes objects from root, and goes on with them after it was killed', async () => {
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept', namespace: 'default' } };
    await kube.objects.create({ ...map, data: { a: '1' } } as typeof map);
    await kube.killApi();
    await expect(kube.objects.read(map)).rejects.toThrow();
    await kube.startApi();
    expect(await kube.objects.read(map)).toMatchObject({ data: { a: '1' } });
  });
});
