/** What a server says of the autoscaler, for tests. */
import type { HpaView } from '../../contract/hpa.ts';

/** Six gateways of 3 to 50, as asked. */
export const hpaOf = (change: Partial<HpaView> = {}): HpaView => ({
  namespace: 'gateway',
  name: 'gateway',
  revision: 4,
  target: 'Deployment/gateway',
  minReplicas: 3,
  maxReplicas: 50,
  targetCpuPercent: 60,
  metrics: [{ name: 'cpu', targetPercent: 60, currentPercent: 41 }],
  replicas: { asked: 6, current: 6, ready: 6 },
  why: [],
  hold: null,
  owners: [{ field: 'minReplicas', manager: 'argocd-controller', operation: 'Apply' }],
  gitops: { tool: 'Argo CD', name: 'shop' },
  declared: { minReplicas: 3, maxReplicas: 50 },
  ...change,
});
