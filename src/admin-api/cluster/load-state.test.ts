import type { V1ConfigMap, V1Pod } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import type { TacosError } from '../../contract/errors.ts';
import type { LoadStart } from '../../queue/desk/loadtest/load-runner.ts';
import { loadManifests } from './load-manifests.ts';
import { runOf, stagesOf } from './load-state.ts';

const start: LoadStart = {
  name: 'tacos-30k-x',
  scenario: '30k',
  event: 'evt_x',
  runners: 2,
  scale: 1,
  timeScale: 0.5,
  vus: 500,
  auditId: 'aud_1',
  actor: 'omar',
};
const place = { namespace: 'loadtest', baseUrl: 'http://gateway:8000', image: 'grafana/k6:1.4.0' };
const [map, testRun] = loadManifests(start, place) as [V1ConfigMap, { spec: { runner: { env: object[] } } }];

describe('the objects of a load test', () => {
  it('hold all that a scenario imports, in one folder', () => {
    const { data = {} } = map;
    const imports = Object.values(data).flatMap((text) => [...text.matchAll(/from '\.\/([^']+)'/g)]);
    expect(imports.length).toBeGreaterThan(10);
    for (const [, name = ''] of imports) expect(Object.keys(data)).toContain(name);
    expect(Object.values(data).join('')).not.toMatch(/from '\.\/lib|from '\.\./);
  });

  it('say the load in variables; what was not asked for is left out', () => {
    expect(testRun.spec.runner.env).toEqual([
      { name: 'TACOS_BASE_URL', value: 'http://gateway:8000' },
      { name: 'TACOS_EVENT', value: 'evt_x' },
      { name: 'TACOS_SCALE', value: '1' },
      { name: 'TACOS_TIME_SCALE', value: '0.5' },
      { name: 'TACOS_VUS', value: '500' },
      { name: 'TACOS_SUMMARY', value: '-' },
    ]);
  });

  it('are of scenarios that there are', () => {
    const make = () => loadManifests({ ...start, scenario: 'lib' }, place);
    expect(make).toThrow(
      expect.objectContaining({
        refusal: expect.objectContaining({ code: 'BAD_REQUEST' }) as TacosError['refusal'],
      }),
    );
  });
});

describe('a load test as it is seen', () => {
  const stages = stagesOf({
    items: [
      { metadata: { name: 'tacos-30k-x' }, status: { stage: 'started' } },
      { metadata: { name: 'new' } },
    ],
  });
  const pod = (phase: string, name = 'tacos-30k-x') =>
    ({ metadata: { labels: { k6_cr: name } }, status: { phase } }) as unknown as V1Pod;
  const around = {
    namespace: 'loadtest',
    stages,
    pods: [pod('Running'), pod('Failed'), pod('Running', 'other')],
  };

  it('has its stage, its own pods, and who began it', () => {
    expect(stages.get('new')).toBe('');
    const [run] = runOf(map, around);
    expect(run).toMatchObject({
      name: 'tacos-30k-x',
      stage: 'started',
      actor: 'omar',
      runners: 2,
      pods: { waiting: 0, running: 1, ended: 1 },
    });
    expect(runOf(map, { ...around, pods: null })).toMatchObject([{ pods: null, problems: [] }]);
  });

  it('is gone without its TestRun, and none of ours without our words', () => {
    expect(runOf(map, { ...around, stages: new Map() })).toMatchObject([{ stage: 'gone' }]);
    expect(runOf({ metadata: { name: 'kube-root-ca.crt' } }, around)).toEqual([]);
  });
});
