import type { V1Deployment, V1Pod, V2HorizontalPodAutoscaler } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { applyBody, ownersOf, withCpuTarget } from './apply-body.ts';
import { clusterError, refusalIn } from './cluster-errors.ts';
import { gitopsOf, stateOf } from './hpa-state.ts';
import { targetOf, whyOf } from './why.ts';

const cpu = (percent: number) => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: percent } },
});
const memory = {
  type: 'Resource',
  resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 70 } },
};

const managed = (manager: string, operation: string, ...fields: string[]) => ({
  manager,
  operation,
  fieldsV1: { 'f:spec': Object.fromEntries(fields.map((field) => [`f:${field}`, {}])) },
});

const hpaOf = (change: Partial<V2HorizontalPodAutoscaler> = {}): V2HorizontalPodAutoscaler => ({
  metadata: { name: 'gateway', namespace: 'shop', uid: 'u1', resourceVersion: '77' },
  spec: {
    scaleTargetRef: { kind: 'Deployment', name: 'gateway' },
    minReplicas: 3,
    maxReplicas: 50,
    metrics: [cpu(60), memory],
  },
  ...change,
});

describe('the body of an apply', () => {
  it('has what is asked for, and makes sure of the object that was read', () => {
    expect(applyBody(hpaOf(), { values: { minReplicas: 10 }, changeId: 'aud_1' })).toEqual({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: {
        name: 'gateway',
        namespace: 'shop',
        uid: 'u1',
        resourceVersion: '77',
        annotations: { 'tacos/change': 'aud_1' },
      },
      spec: { minReplicas: 10 },
    });
  });

  it('has what is ours already too, as an apply gives up what it leaves out', () => {
    const metadata = {
      ...hpaOf().metadata,
      managedFields: [
        managed('tacos', 'Apply', 'minReplicas', 'metrics'),
        managed('kubectl', 'Update', 'maxReplicas'),
        { ...managed('tacos', 'Apply', 'maxReplicas'), subresource: 'status' },
      ],
    };
    const body = applyBody(hpaOf({ metadata }), { values: {}, changeId: 'aud_1' });
    expect(body).toMatchObject({ spec: { minReplicas: 3, metrics: [cpu(60), memory] } });
    expect(body).not.toHaveProperty('spec.maxReplicas');
  });

  it('puts a CPU target among the other metrics, or adds one', () => {
    expect(withCpuTarget([memory, cpu(60)], 75)).toEqual([memory, cpu(75)]);
    expect(withCpuTarget([memory], 75)).toEqual([memory, cpu(75)]);
  });
});

describe('the state', () => {
  it('says who has which field', () => {
    const metadata = {
      managedFields: [managed('helm', 'Update', 'minReplicas', 'metrics', 'scaleTargetRef')],
    };
    expect(ownersOf(hpaOf({ metadata }))).toEqual([
      { field: 'minReplicas', manager: 'helm', operation: 'Update' },
      { field: 'targetCpuPercent', manager: 'helm', operation: 'Update' },
    ]);
  });

  it('reads values, measurements and what was declared', () => {
    const status = {
      currentReplicas: 6,
      desiredReplicas: 7,
      currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 41 } } }],
      conditions: [],
    };
    const declared = JSON.stringify({ spec: { minReplicas: 2, metrics: [cpu(50)] } });
    const annotations = {
      'kubectl.kubernetes.io/last-applied-configuration': declared,
      'tacos/change': 'aud_1',
    };
    const state = stateOf(hpaOf({ status, metadata: { ...hpaOf().metadata, annotations } }), null);
    expect(state).toMatchObject({
      target: 'Deployment/gateway',
      targetCpuPercent: 60,
      metrics: [
        { name: 'cpu', targetPercent: 60, currentPercent: 41 },
        { name: 'memory', targetPercent: 70, currentPercent: null },
      ],
      replicas: { asked: 7, current: 6, ready: null },
      declared: { minReplicas: 2, targetCpuPercent: 50 },
      changeId: 'aud_1',
    });
  });

  it('reads one of which nearly nothing is there', () => {
    expect(stateOf({} as V2HorizontalPodAutoscaler, null)).toMatchObject({
      minReplicas: 1,
      maxReplicas: 1,
      targetCpuPercent: null,
    });
  });

  it.each([
    [
      { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:a/b' } },
      { tool: 'Argo CD', name: 'shop' },
    ],
    [{ labels: { 'argocd.argoproj.io/instance': 'shop' } }, { tool: 'Argo CD', name: 'shop' }],
    [{ labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps' } }, { tool: 'Flux', name: 'apps' }],
    [{ labels: { 'helm.toolkit.fluxcd.io/name': 'gw' } }, { tool: 'Flux', name: 'gw' }],
    [{ labels: { 'scaledobject.keda.sh/name': 'gw' } }, { tool: 'KEDA', name: 'gw' }],
    [{ managedFields: [{ manager: 'argocd-controller' }] }, { tool: 'Argo CD', name: '' }],
    [{ labels: { app: 'gateway' } }, null],
  ])('knows who keeps %j', (metadata, expected) => {
    expect(gitopsOf(metadata)).toEqual(expected);
  });
});

describe('why', () => {
  const base = {
    minReplicas: 3,
    maxReplicas: 50,
    replicas: { asked: 6, current: 6, ready: 6 },
    target: { ready: 6, problems: [] },
  };
  const condition = (type: string, status: string, reason: string, message = '') => ({
    type,
    status,
    reason,
    message,
  });
  const healthy = [
    condition('AbleToScale', 'True', 'ReadyForNewScale'),
    condition('ScalingActive', 'True', 'ValidMetricFound'),
    condition('ScalingLimited', 'False', 'DesiredWithinRange'),
  ];
  const codes = (change: object) =>
    whyOf({ ...base, conditions: healthy, ...change }).map(({ code }) => code);

  it('is nothing where all is as it should be', () => {
    expect(codes({})).toEqual([]);
    expect(codes({ replicas: { asked: 6, current: 6, ready: null } })).toEqual([]);
  });

  it('says that the bounds stand in the way, and which', () => {
    const limited = (reason: string) => ({ conditions: [condition('ScalingLimited', 'True', reason)] });
    expect(whyOf({ ...base, ...limited('TooManyReplicas') })).toEqual([
      { code: 'TooManyReplicas', text: 'it would ask for more, but max is 50' },
    ]);
    expect(whyOf({ ...base, ...limited('TooFewReplicas') })[0]?.text).toContain('min is 3');
    expect(codes(limited('ScaleUpLimit'))).toEqual(['ScaleUpLimit']);
  });

  it('says that metrics are missing, that it waits, and that nobody has looked', () => {
    const failed = condition('ScalingActive', 'False', 'FailedGetResourceMetric', 'no metrics\nknown.');
    expect(whyOf({ ...base, conditions: [failed] })).toEqual([
      { code: 'FailedGetResourceMetric', text: 'it cannot tell how many are needed: no metrics known' },
    ]);
    const chain = condition(
      'ScalingActive',
      'False',
      'X',
      `the HPA was unable to compute: ${'failed: '.repeat(9)}no API`,
    );
    expect(whyOf({ ...base, conditions: [chain] })[0]?.text).toBe(
      'it cannot tell how many are needed: no API',
    );
    expect(codes({ conditions: [condition('AbleToScale', 'True', 'ScaleDownStabilized')] })).toEqual([
      'ScaleDownStabilized',
    ]);
    expect(codes({ conditions: [condition('AbleToScale', 'False', 'FailedGetScale')] })).toEqual([
      'FailedGetScale',
    ]);
    expect(codes({ conditions: [] })).toEqual(['NotSeen']);
  });

  it('says how many pods are missing, too many, or not ready', () => {
    const replicas = (asked: number, current: number, ready: number) => ({
      replicas: { asked, current, ready },
    });
    expect(codes(replicas(10, 6, 6))).toEqual(['Starting']);
    expect(codes(replicas(4, 6, 6))).toEqual(['Stopping']);
    expect(codes(replicas(6, 6, 2))).toEqual(['NotReady']);
  });

  it('gathers what Deployment and pods say against themselves', () => {
    const deployment = {
      status: {
        readyReplicas: 2,
        conditions: [
          { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota' },
        ],
      },
    } as V1Deployment;
    const unplaced = {
      status: {
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message: '0/3 nodes: insufficient cpu',
          },
        ],
      },
    } as V1Pod;
    const broken = {
      status: { containerStatuses: [{ state: { waiting: { reason: 'ImagePullBackOff' } } }] },
    } as V1Pod;
    const leaving = { ...unplaced, metadata: { deletionTimestamp: new Date() } } as V1Pod;
    expect(targetOf(deployment, [unplaced, unplaced, broken, leaving])).toEqual({
      ready: 2,
      problems: [
        { code: 'FailedCreate', text: 'exceeded quota' },
        { code: 'Unschedulable', text: '2 pods: 0/3 nodes: insufficient cpu' },
        { code: 'ImagePullBackOff', text: '1 pod: ImagePullBackOff' },
      ],
    });
  });
});

describe('errors of the cluster', () => {
  const answer = (code: number, message = '') =>
    Object.assign(new Error('no'), { code, body: JSON.stringify({ message }) });
  const lost = (code: string) =>
    Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error(code), { code }) });
  const codeOf = (error: unknown, isWrite = false) =>
    clusterError(error, { isWrite, name: 'shop/gateway' }).refusal.code;

  it('are told apart', () => {
    expect(codeOf(answer(404))).toBe('HPA_NOT_FOUND');
    expect(codeOf(answer(403, 'User "a" cannot patch'))).toBe('CLUSTER_FORBIDDEN');
    expect(codeOf(answer(401))).toBe('CLUSTER_FORBIDDEN');
    expect(codeOf(answer(429))).toBe('CLUSTER_UNAVAILABLE');
    expect(codeOf(lost('ECONNREFUSED'), true)).toBe('CLUSTER_UNAVAILABLE');
    expect(codeOf(lost('ECONNRESET'))).toBe('CLUSTER_UNAVAILABLE');
  });

  it('leave it open whether a change was made only where it was sent', () => {
    expect(codeOf(lost('ECONNRESET'), true)).toBe('CLUSTER_REPLY_LOST');
    expect(codeOf(new DOMException('late', 'TimeoutError'), true)).toBe('CLUSTER_REPLY_LOST');
    expect(codeOf(answer(500), true)).toBe('CLUSTER_REPLY_LOST');
  });

  it('tell the words of the API server without control characters', () => {
    const error = clusterError(answer(403, 'no\u001b[31m\nway.'), { isWrite: false, name: 'a/b' });
    expect(error.message).toBe('Kubernetes does not let this server do that: no [31m way.');
  });

  it('take an answer that is no Status for what its number says', () => {
    expect(refusalIn(Object.assign(new Error(), { code: 502, body: '<html>' }))?.httpStatus).toBe(502);
    expect(refusalIn(new Error('other'))).toBeUndefined();
  });
});
