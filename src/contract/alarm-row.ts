/** One row of the table of alarms, as data. */
import type { AlarmFacts } from './alarm-facts.ts';
import type { Severity } from './alarms.ts';

/** That the condition of an alarm holds. */
export interface Found {
  readonly severity: Severity;
  /** One sentence with its figures. */
  readonly text: string;
}

/** A line of the Prometheus rule file. */
export interface PrometheusRule {
  readonly severity: Severity;
  /** PromQL; true where it gives a sample. */
  readonly expr: string;
  /** How long it has to hold, s. */
  readonly forSec: number;
}

export interface AlarmRow {
  /** Forever, like an error code; also the name of its page below docs/runbook/. */
  readonly id: string;
  readonly title: string;
  /** What it means, for people. */
  readonly meaning: string;
  /** How long the condition has to hold before the alarm is on, s. */
  readonly forSec: number;
  /** null = the condition does not hold, or is not known. */
  readonly evaluate: (facts: AlarmFacts) => Found | null;
  /** Empty where no metric tells it. */
  readonly rules: readonly PrometheusRule[];
  /** Command that ends it; absent where none does, or where it ends by itself. */
  readonly next?: (facts: AlarmFacts) => string | undefined;
}

/** Found with its severity where the value is above one of two limits; null below both, or when not known. */
export function overLimits(
  value: number | null,
  limits: { readonly warn: number; readonly crit: number },
  text: (value: string) => string,
): Found | null {
  if (value === null || value <= limits.warn) return null;
  return { severity: value > limits.crit ? 'crit' : 'warn', text: text(short(value)) };
}

/** A number with at most one decimal. */
export const short = (value: number): string => String(Math.round(value * 10) / 10);

/** A time to come in words: `90 s`, `14 min`, `23 h`. */
export function inWords(ms: number): string {
  if (ms < 120_000) return `${Math.max(0, Math.round(ms / 1000))} s`;
  return ms < 7_200_000 ? `${Math.floor(ms / 60_000)} min` : `${Math.floor(ms / 3_600_000)} h`;
}
