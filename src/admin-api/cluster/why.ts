/** Why an autoscaler asks for what it asks, and why that does not run: from conditions, in sentences. Pure. */
import type { V1Deployment, V1Pod, V2HorizontalPodAutoscalerCondition } from '@kubernetes/client-node';
import type { HpaView } from '../../contract/hpa.ts';
import { sentence } from './cluster-errors.ts';

/** What is scaled, as far as it is known. */
export interface TargetState {
  /** Ready pods. */
  readonly ready: number;
  /** What it says against itself, such as a quota that is used up. */
  readonly problems: readonly { readonly code: string; readonly text: string }[];
}

export interface WhyInput extends Pick<HpaView, 'minReplicas' | 'maxReplicas' | 'replicas'> {
  readonly conditions: readonly Pick<
    V2HorizontalPodAutoscalerCondition,
    'type' | 'status' | 'reason' | 'message'
  >[];
  readonly target: TargetState | null;
}

type Why = HpaView['why'];

/** Longer messages are chains of causes, characters. */
const chainCharsMax = 80;

/** Reasons of AbleToScale=True that say it waits; all others there are as it should be. */
const waiting: Readonly<Record<string, string>> = {
  ScaleDownStabilized: 'it waits before it goes down: a higher number was wanted a short while ago',
  ScaleUpStabilized: 'it waits before it goes up',
  BackoffBoth: 'it has just scaled and waits',
  BackoffDownscale: 'it has just scaled and waits before it goes down',
  BackoffUpscale: 'it has just scaled and waits before it goes up',
};

/** Empty where everything is as it should be. */
export function whyOf({ conditions, replicas, minReplicas, maxReplicas, target }: WhyInput): Why {
  const found: Why = [];
  const of = (type: string) => conditions.find((condition) => condition.type === type);
  const able = of('AbleToScale');
  const active = of('ScalingActive');
  const limited = of('ScalingLimited');
  if (conditions.length === 0)
    found.push({ code: 'NotSeen', text: 'the controller has not looked at it yet' });
  if (able?.status === 'False') found.push(said(able, 'it cannot scale'));
  else if (able?.reason !== undefined && waiting[able.reason] !== undefined)
    found.push({ code: able.reason, text: waiting[able.reason] ?? '' });
  if (active?.status === 'False') found.push(said(active, 'it cannot tell how many are needed'));
  if (limited?.status === 'True') {
    const isMax = limited.reason === 'TooManyReplicas';
    const isMin = limited.reason === 'TooFewReplicas';
    if (isMax)
      found.push({ code: 'TooManyReplicas', text: `it would ask for more, but max is ${maxReplicas}` });
    else if (isMin)
      found.push({ code: 'TooFewReplicas', text: `it would ask for fewer, but min is ${minReplicas}` });
    else found.push(said(limited, 'it may not change so fast'));
  }
  const { asked, current, ready } = replicas;
  if (current < asked)
    found.push({ code: 'Starting', text: `${asked - current} of ${asked} pods do not exist yet` });
  if (current > asked && asked > 0)
    found.push({ code: 'Stopping', text: `${current - asked} pods more than asked for still exist` });
  if (ready !== null && ready < current)
    found.push({ code: 'NotReady', text: `${current - ready} of ${current} pods are not ready` });
  return [...found, ...(target?.problems ?? [])];
}

function said(
  { reason = '', message = '' }: Pick<V2HorizontalPodAutoscalerCondition, 'reason' | 'message'>,
  text: string,
): Why[number] {
  return { code: reason, text: message === '' ? text : `${text}: ${innermost(message)}` };
}

/** Kubernetes puts one cause into the other, the first one last: of a long chain only that is told. */
function innermost(message: string): string {
  const whole = sentence(message);
  return whole.length <= chainCharsMax ? whole : (whole.split(': ').at(-1) ?? whole);
}

/** A Deployment's own words, and those of its pods that do not start. */
export function targetOf({ status }: V1Deployment, pods: readonly V1Pod[]): TargetState {
  const failing = (status?.conditions ?? []).flatMap(({ type, status: is, reason = '', message = '' }) => {
    const isBad = (type === 'ReplicaFailure' && is === 'True') || (type === 'Progressing' && is === 'False');
    return isBad ? [{ code: reason, text: sentence(message) }] : [];
  });
  const stuck = new Map<string, { count: number; text: string }>();
  for (const { code, text } of pods.flatMap(stuckOf)) {
    const known = stuck.get(code);
    stuck.set(code, { count: (known?.count ?? 0) + 1, text: known?.text ?? text });
  }
  const ofPods = [...stuck].map(([code, { count, text }]) => ({
    code,
    text: `${count} ${count === 1 ? 'pod' : 'pods'}: ${text}`,
  }));
  return { ready: status?.readyReplicas ?? 0, problems: [...failing, ...ofPods] };
}

/** Why a pod does not start: no node for it, or a container that waits for something that does not come. */
function stuckOf({ status, metadata }: V1Pod): { code: string; text: string }[] {
  if (metadata?.deletionTimestamp !== undefined) return [];
  const unplaced = (status?.conditions ?? []).find(
    ({ type, status: is }) => type === 'PodScheduled' && is === 'False',
  );
  if (unplaced)
    return [
      { code: unplaced.reason ?? 'Unschedulable', text: sentence(unplaced.message ?? 'no node has room') },
    ];
  for (const { state } of status?.containerStatuses ?? []) {
    const { reason, message } = state?.waiting ?? {};
    if (reason === undefined || reason === 'ContainerCreating') continue;
    return [{ code: reason, text: sentence(message === undefined ? reason : `${reason}, ${message}`) }];
  }
  return [];
}
