/** An autoscaler without a cluster, for what a real one does at no test's word: answers that are lost, and slow ones. */
import { TacosError } from '../../src/contract/errors.ts';
import type { Applied, Applying, Autoscaler, AutoscalerState } from '../../src/queue/desk/hpa/autoscaler.ts';

export class FakeAutoscaler implements Autoscaler {
  readonly namespace = 'shop';
  readonly name: string;
  min = 3;
  max = 50;
  changeId: string | null = null;
  /** What becomes of the next applies: `lost` = it is done and nobody hears of it, `unsent` = it never gets there. */
  next: 'done' | 'lost' | 'unsent' = 'done';
  /** Neither reads nor writes work. */
  isGone = false;
  applied = 0;

  constructor(name = 'gateway') {
    this.name = name;
  }

  async read(): Promise<AutoscalerState> {
    if (this.isGone) throw new TacosError('CLUSTER_UNAVAILABLE');
    return {
      namespace: this.namespace,
      name: this.name,
      target: 'Deployment/gateway',
      minReplicas: this.min,
      maxReplicas: this.max,
      targetCpuPercent: 60,
      metrics: [],
      replicas: { asked: 6, current: 6, ready: 6 },
      why: [],
      owners: [],
      gitops: null,
      declared: {},
      changeId: this.changeId,
      raw: null,
    };
  }

  async apply(_state: AutoscalerState, { values, changeId, dryRun }: Applying): Promise<Applied> {
    if (this.isGone) throw new TacosError('CLUSTER_UNAVAILABLE');
    if (dryRun) return { word: 'applied' };
    if (this.next === 'unsent') throw new TacosError('CLUSTER_REPLY_LOST');
    this.min = values.minReplicas ?? this.min;
    this.max = values.maxReplicas ?? this.max;
    this.changeId = changeId;
    this.applied += 1;
    if (this.next === 'lost') throw new TacosError('CLUSTER_REPLY_LOST');
    return { word: 'applied' };
  }
}
