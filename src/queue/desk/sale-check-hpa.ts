/** The gateways' autoscaler before a sale: is its floor there and ready, and is there room for what the file asks for. */
import type { Finding } from '../../contract/doctor.ts';
import type { HpaView } from '../../contract/hpa.ts';
import type { SaleCheckRequest } from '../../contract/sale.ts';

const check = 'sale-hpa';

/** What is known of it: how it stands, why it cannot be read, or null where the admin API leads none. */
export type SaleHpa = { readonly view: HpaView } | { readonly trouble: string } | null;

export function hpaLine({
  hpa,
  ask,
  nowMs,
}: {
  readonly hpa: SaleHpa;
  readonly ask: Pick<SaleCheckRequest, 'floors'>;
  readonly nowMs: number;
}): Finding {
  const says = (
    result: Finding['result'],
    text: string,
    more: Pick<Finding, 'next' | 'who'> = {},
  ): Finding => ({
    check,
    result,
    event: null,
    text,
    ...more,
  });
  if (hpa === null) return says('skip', 'no cluster is configured: the number of gateways is not looked at');
  if ('trouble' in hpa)
    return says('fail', `the autoscaler of the gateways cannot be read: ${hpa.trouble}`, {
      who: 'whoever runs the cluster',
      next: 'tacos hpa get',
    });
  const { namespace, target, minReplicas: min, maxReplicas: max, replicas, why } = hpa.view;
  const { ready } = replicas;
  const toCome = (ask.floors ?? []).filter(({ at }) => Date.parse(at) > nowMs).map((floor) => floor.min);
  const highest = Math.max(0, ...toCome);
  const mend = {
    who: 'whoever runs the cluster',
    next: `kubectl -n ${namespace} describe ${target.toLowerCase()}`,
  };
  if (highest > max)
    return says('fail', `the file raises the floor to ${highest} gateways, above the maximum of ${max}`, {
      next: `tacos hpa patch --max ${highest}`,
    });
  if (ready === null) return says('fail', 'how many gateways are ready is not known', mend);
  const areReady = `${ready} ${ready === 1 ? 'gateway is' : 'gateways are'} ready`;
  if (ready < min) {
    const because = why.length === 0 ? '' : `: ${why.map(({ text }) => text).join('; ')}`;
    return says('fail', `${areReady} and the floor is ${min}${because}`, mend);
  }
  const later = highest > min ? `; the file raises the floor to ${highest}` : '';
  return says('pass', `${areReady}, the floor is ${min}${later}`);
}
