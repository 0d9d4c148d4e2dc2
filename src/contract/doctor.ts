/** What `tacos doctor` finds: one line a check, the cause first. */
import { z } from 'zod';
import { listReplySchema } from './admin-api.ts';

export const findingSchema = z.object({
  /** Name for --only, such as paused, redis-memory. */
  check: z.string(),
  /** `fail` is a cause of trouble now, `warn` one to come or a risk, `pass` none; `skip` = there is nothing to look at. */
  result: z.enum(['fail', 'warn', 'pass', 'skip']),
  event: z.string().nullable(),
  /** A pass that is worth reading all the same, as it tells of something that happened. */
  note: z.boolean().optional(),
  /** One sentence with its figures. */
  text: z.string(),
  /** Command that ends it; absent where somebody else must act. */
  next: z.string().optional(),
  /** Who must act where no command of tacos helps. */
  who: z.string().optional(),
  /** Page of the runbook, below docs/runbook/. */
  runbook: z.string().optional(),
});
export type Finding = z.infer<typeof findingSchema>;
export const findingListSchema = listReplySchema(findingSchema);

/**
 * Every check, for --only; each has a page docs/runbook/CHECK.md. The order is that of causes: what stops a line stands
 * before what follows from it. The alarms of the table are checks too; those not named here are symptoms and come last.
 */
export const doctorChecks = [
  'unreachable',
  'signed-in',
  'redis-memory',
  'persistence-failing',
  'recovering',
  'not-open',
  'paused',
  'gateway-missing',
  'revision-not-in-force',
  'window-small',
  'capacity-small',
  'dead-heads',
  'replica-lag',
  'redis-cpu',
  'hpa-at-max',
  'mixed-versions',
  'certificate-ending',
  'key-ending',
  'noeviction',
  'aof-off',
  'sentinels-missing',
  'min-replicas',
  'failover-seen',
  'webhook-failing',
  'clock-skew',
  'client-version',
] as const;
export type DoctorCheck = (typeof doctorChecks)[number];

const results = ['fail', 'warn', 'pass', 'skip'] as const satisfies readonly Finding['result'][];

/** Failures first, then warnings, then passes; among equals the cause before what follows from it. */
export function rankFindings(findings: readonly Finding[]): Finding[] {
  const order: readonly string[] = doctorChecks;
  const rank = ({ check }: Finding): number => (order.includes(check) ? order.indexOf(check) : order.length);
  return findings.toSorted(
    (a, b) => results.indexOf(a.result) - results.indexOf(b.result) || rank(a) - rank(b),
  );
}
