/** `tacos hpa` from end to end: the command, the admin API, a real kube-apiserver with RBAC, a real Redis. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PatchStrategy } from '@kubernetes/client-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { globalKeys } from '../../src/queue/global-scripts.ts';
import { eventually } from '../helpers/eventually.ts';
import { furnish, hpa, namespace, readHpa, resetHpa } from '../helpers/hpa.ts';
import { type Kube, kubeTools, startKube } from '../helpers/kube.ts';
import { type Admin, type Office, openOffice } from '../helpers/office.ts';

describe.runIf(kubeTools !== undefined)('tacos hpa', () => {
  let kube: Kube;
  let office: Office;
  let settings: Record<string, string>;

  beforeAll(async () => {
    kube = await startKube();
    await furnish(kube);
    settings = { KUBE_HPA: 'gateway', KUBECONFIG: await kube.configOf('tacos', namespace) };
    office = await openOffice({ gateways: 0, adminEnv: settings });
  });
  afterAll(async () => {
    await office?.stop();
    await kube?.stop();
  });
  beforeEach(() => resetHpa(kube));
  afterEach(() => office.look.del(globalKeys.hpa));

  const patience = { withinMs: 20_000, everyMs: 100 };
  const tacos = (...argv: string[]) => office.tacos(['hpa', ...argv]);
  const json = async (...argv: string[]) => JSON.parse((await tacos(...argv, '-o', 'json')).stdout);
  const spec = async () => {
    const { minReplicas, maxReplicas, metrics } = (await readHpa(kube)).spec;
    return [minReplicas, maxReplicas, metrics[0]?.resource.target.averageUtilization];
  };
  /** Reads with another admin API, of other settings. */
  const withAdmin = async <T>(env: Record<string, string>, use: (admin: Admin) => Promise<T>): Promise<T> => {
    const admin = await office.addAdmin(env);
    try {
      return await use(admin);
    } finally {
      await admin.stop();
    }
  };

  it('get shows it, diff what differs', async () => {
    const { item } = await json('get');
    expect(item).toMatchObject({
      namespace,
      name: 'gateway',
      minReplicas: 1,
      maxReplicas: 5,
      targetCpuPercent: 60,
    });
    expect(item.owners).toContainEqual({ field: 'minReplicas', manager: 'helm', operation: 'Update' });
    expect(item.why).toMatchObject([{ code: 'NotSeen' }]);
    const { items } = await json('diff', '--min', '3');
    expect(items).toMatchObject([{ field: 'minReplicas', asked: 3, real: 1, same: false }]);
    expect(await spec()).toEqual([1, 5, 60]);
  });

  it('refuses fields of others, says whose they are, and takes them over when told to', async () => {
    const refused = await tacos('patch', '--min', '3', '--target-cpu', '70');
    expect(refused.code).toBe(6);
    expect(refused.stderr).toContain('minReplicas belongs to helm');
    expect(refused.stderr).toContain('--take-over');
    expect(await spec()).toEqual([1, 5, 60]);
    const taken = await tacos(
      'patch',
      '--min',
      '3',
      '--target-cpu',
      '70',
      '--take-over',
      '--reason',
      'helm is done',
    );
    expect([taken.code, taken.stderr]).toEqual([0, expect.stringContaining('minReplicas was set by helm')]);
    expect(await spec()).toEqual([3, 5, 70]);
    // A later change of another field gives up none of those that are ours.
    expect((await tacos('patch', '--max', '9', '--take-over')).code).toBe(0);
    expect(await spec()).toEqual([3, 9, 70]);
    // What was read is told again for a second.
    await eventually(async () => {
      const owners = (await json('get')).item.owners.filter(
        (owner: { manager: string }) => owner.manager === 'tacos',
      );
      expect(owners.map((owner: { field: string }) => owner.field).sort()).toEqual([
        'maxReplicas',
        'minReplicas',
        'targetCpuPercent',
      ]);
    }, patience);
  });

  it('is in the audit trail, and can be undone while nobody changed it since', async () => {
    const made = JSON.parse(
      (await tacos('patch', '--min', '3', '--take-over', '--reason', 'sale at noon', '-o', 'json')).stdout,
    );
    const [{ auditId }] = made.item.results;
    const { item } = JSON.parse((await office.tacos(['audit', 'show', auditId, '-o', 'json'])).stdout);
    expect(item).toMatchObject({
      action: 'hpa.patch',
      actor: 'omar',
      reason: 'sale at noon',
      event: null,
      revision: 1,
      rows: [{ name: 'minReplicas', unit: 'pods', before: 1, after: 3 }],
      undoUntil: expect.any(String),
    });
    expect((await readHpa(kube)).metadata?.annotations).toMatchObject({ 'tacos/change': auditId });
    expect((await office.tacos(['undo', auditId])).code).toBe(0);
    expect(await spec()).toEqual([1, 5, 60]);
    expect((await office.tacos(['undo', auditId])).code).toBe(6);
  });

  it('dry run changes nothing, the same key changes it once, viewers never', async () => {
    const patch = ['patch', '--min', '3', '--take-over'];
    expect((await tacos(...patch, '--dry-run')).stdout).toContain('dry run: nothing was changed');
    expect(await spec()).toEqual([1, 5, 60]);
    const viewer = await office.tacos(['hpa', ...patch], { as: 'vera' });
    expect(viewer.code).toBe(4);
    const key = ['--idempotency-key', 'one-change'];
    const replies = await Promise.all([tacos(...patch, ...key), tacos(...patch, ...key)]);
    expect(replies.map(({ code }) => code)).toEqual([0, 0]);
    expect(await office.look.hget(globalKeys.hpa, 'revision')).toBe('1');
    expect((await tacos(...patch)).stdout).toContain('it was so already');
  });

  it('is refused on a plan that is not true any more, and where Kubernetes takes no such values', async () => {
    const { item: plan } = await json('patch', '--min', '2', '--take-over', '--dry-run');
    await kube.objects.patch(
      hpa({ minReplicas: 4 }),
      undefined,
      undefined,
      'kubectl-edit',
      undefined,
      PatchStrategy.MergePatch,
    );
    const reply = await fetch(`${office.admins[0]?.url}/admin/v1/actions`, {
      method: 'POST',
      headers: { authorization: 'Bearer token-of-omar-0123456789abcdef', 'content-type': 'application/json' },
      body: JSON.stringify({ action: { type: 'hpa.patch', min: 2, takeOver: true }, planHash: plan.hash }),
    });
    expect([reply.status, ((await reply.json()) as { error: { code: string } }).error.code]).toEqual([
      412,
      'VERSION_CONFLICT',
    ]);
    const over = await tacos('patch', '--min', '7', '--take-over');
    expect([over.code, over.stderr]).toEqual([6, expect.stringContaining('min 7 would be over max 5')]);
    expect(await spec()).toEqual([4, 5, 60]);
  });

  it('a max below the pods that run is confirmed by name', async () => {
    const status = { currentReplicas: 4, desiredReplicas: 4 };
    const { default: k8s } = { default: await import('@kubernetes/client-node') };
    const config = new k8s.KubeConfig();
    config.loadFromFile(await kube.configOf('root'));
    const api = config.makeApiClient(k8s.AutoscalingV2Api);
    await api.patchNamespacedHorizontalPodAutoscalerStatus(
      { name: 'gateway', namespace, body: { status } },
      k8s.setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );
    const patch = ['patch', '--max', '2', '--take-over'];
    const refused = await tacos(...patch, '--yes');
    expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining('--confirm hpa/gateway')]);
    expect((await tacos(...patch, '--confirm', 'hpa/gateway')).code).toBe(0);
    expect(await spec()).toEqual([1, 2, 60]);
  });

  it('warns where Argo CD or Flux keep it', async () => {
    await resetHpa(kube, {
      metadata: {
        annotations: {
          'argocd.argoproj.io/tracking-id': 'shop:autoscaling/HorizontalPodAutoscaler:gateway/gateway',
        },
      },
    });
    const argo = await tacos('patch', '--min', '3', '--take-over');
    expect([argo.code, argo.stderr.replace(/\s+/g, ' ')]).toEqual([
      0,
      expect.stringContaining('Argo CD (shop) keeps'),
    ]);
    await resetHpa(kube, { metadata: { labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps' } } });
    expect((await tacos('patch', '--min', '3', '--take-over')).stderr).toContain('Flux (apps)');
  });

  it('has an exit code for each way in which it cannot be', async () => {
    expect((await tacos('get', '-n', 'elsewhere')).code).toBe(3);
    const none = { KUBE_HPA: '', KUBECONFIG: '' };
    await withAdmin(none, async ({ url: server }) => {
      const off = await office.tacos(['hpa', 'get'], { server });
      expect([off.code, off.stderr]).toEqual([6, expect.stringContaining('KUBE_HPA')]);
    });
    await withAdmin({ KUBE_HPA: 'other' }, async ({ url: server }) => {
      const missing = await office.tacos(['hpa', 'get'], { server });
      expect([missing.code, missing.stderr]).toEqual([3, expect.stringContaining('gateway/other')]);
    });
    await withAdmin({ KUBECONFIG: await kube.configOf('nobody', namespace) }, async ({ url: server }) => {
      for (const argv of [['get'], ['watch'], ['patch', '--min', '2']]) {
        const forbidden = await office.tacos(['hpa', ...argv], { server });
        expect([forbidden.code, forbidden.stderr]).toEqual([
          4,
          expect.stringContaining('Kubernetes does not let'),
        ]);
      }
    });
    await kube.killApi();
    // What was read is told again for a second.
    await sleep(1_500);
    try {
      for (const argv of [['get'], ['watch'], ['diff'], ['patch', '--min', '2']])
        expect([argv, (await tacos(...argv)).code]).toEqual([argv, 7]);
    } finally {
      await kube.startApi();
    }
    await eventually(async () => (await tacos('get')).code === 0, { withinMs: 15_000 });
  });

  it('a floor that is held comes back by itself', async () => {
    const held = await tacos(
      'patch',
      '--min',
      '4',
      '--hold',
      '10s',
      '--take-over',
      '--reason',
      'sale at noon',
    );
    expect(held.code).toBe(0);
    expect(await spec()).toEqual([4, 5, 60]);
    const { item } = await json('get');
    expect(item.hold).toMatchObject({ min: 4, minBefore: 1, actor: 'omar' });
    await eventually(async () => (await spec())[0] === 1, patience);
    // Written down once Kubernetes has it.
    await eventually(async () => {
      const { items } = JSON.parse((await office.tacos(['audit', 'list', '-o', 'json'])).stdout);
      expect(items[0]).toMatchObject({ action: 'hpa.return', actor: 'system' });
    }, patience);
    await eventually(async () => expect((await json('get')).item.hold).toBeNull(), patience);
  });

  it('comes back within 5 s of a start where nobody was there at its time', async () => {
    // So long that the admin API is killed before its end.
    await tacos('patch', '--min', '4', '--hold', '8s', '--take-over');
    const [first] = office.admins;
    first?.child.kill('SIGKILL');
    await first?.ended;
    await sleep(9_000);
    expect((await spec())[0]).toBe(4);
    const second = await office.addAdmin();
    const startedMs = performance.now();
    await eventually(async () => (await spec())[0] === 1, { withinMs: 20_000, everyMs: 50 });
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    (office.admins as Admin[]).splice(0, office.admins.length, second);
  });

  it('a floor that somebody else has set meanwhile stays', async () => {
    await tacos('patch', '--min', '4', '--hold', '8s', '--take-over');
    await kube.objects.patch(
      hpa({ minReplicas: 2 }),
      undefined,
      undefined,
      'kubectl-edit',
      undefined,
      PatchStrategy.MergePatch,
    );
    await eventually(async () => (await json('get')).item.hold === null, patience);
    expect((await spec())[0]).toBe(2);
  });

  it('what an admin process left open is written down, or dropped, as it was done or not', async () => {
    const record = { auditId: 'aud_left', event: null, actor: 'omar', role: 'operator', action: 'hpa.patch' };
    const leave = (changeId: string) =>
      office.look.hset(globalKeys.hpa, {
        intentId: changeId,
        intent: JSON.stringify({
          hpa: 'gateway/gateway',
          changeId,
          auditId: 'aud_left',
          audit: JSON.stringify(record),
          hold: '',
        }),
        owner: 'gone',
        leaseUntil: '1',
      });
    const isSettled = async () => (await office.look.hexists(globalKeys.hpa, 'intentId')) === 0;
    await leave('not-done');
    await eventually(isSettled, { withinMs: 10_000 });
    expect(await office.look.hget(globalKeys.hpa, 'revision')).toBeNull();
    await resetHpa(kube, { metadata: { annotations: { 'tacos/change': 'aud_left' } } });
    await leave('done');
    await eventually(isSettled, { withinMs: 10_000 });
    expect(await office.look.hget(globalKeys.hpa, 'revision')).toBe('1');
    expect((await office.tacos(['audit', 'show', 'aud_left'])).code).toBe(0);
  });
});
