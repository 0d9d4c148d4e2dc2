/**
 * The alarms, one table: the watch, `doctor`, the webhook, the Prometheus rules and the runbook pages are made from it.
 */
import { z } from 'zod';
import type { AlarmFacts } from './alarm-facts.ts';
import type { AlarmRow } from './alarm-row.ts';
import { lineAlarms } from './alarms-of-line.ts';
import { serverAlarms } from './alarms-of-servers.ts';

export const severities = ['warn', 'crit'] as const;
export type Severity = (typeof severities)[number];

/** An alarm that is on. */
export const alarmSchema = z.object({
  /** Row of the table, such as admissions-low. */
  id: z.string(),
  severity: z.enum(severities),
  /** One sentence with its figures. */
  text: z.string(),
  since: z.string(),
  /** Command that ends it, where there is one. */
  next: z.string().optional(),
});
export type Alarm = z.infer<typeof alarmSchema>;

/** The table. */
export const alarmTable: readonly AlarmRow[] = [...lineAlarms, ...serverAlarms];

/** Since when the condition of each alarm has held without a break, by id, Redis ms. One memory an event. */
export type AlarmMemory = Map<string, number>;

/** An empty memory. */
export const newAlarmMemory = (): AlarmMemory => new Map();

/**
 * The alarms that are on, worst and then oldest first. To be asked about once a second with the same memory, which it
 * writes: a condition that does not hold any more forgets its since.
 */
export function evaluateAlarms(facts: AlarmFacts, memory: AlarmMemory): Alarm[] {
  const on: Alarm[] = [];
  for (const row of alarmTable) {
    const found = row.evaluate(facts);
    if (found === null) {
      memory.delete(row.id);
      continue;
    }
    const sinceMs = memory.get(row.id) ?? facts.nowMs;
    memory.set(row.id, sinceMs);
    if (facts.nowMs - sinceMs < row.forSec * 1000) continue;
    const next = row.next?.(facts);
    on.push({
      id: row.id,
      severity: found.severity,
      text: found.text,
      since: new Date(sinceMs).toISOString(),
      ...(next === undefined ? {} : { next }),
    });
  }
  const rank = ({ severity }: Alarm): number => severities.length - severities.indexOf(severity);
  return on.sort((a, b) => rank(a) - rank(b) || a.since.localeCompare(b.since));
}
