/** Sees faults as they happen, from one look of the desk to the next. Every admin process sees them; one writes them down. */
import type { AlarmFacts } from '../../contract/alarm-facts.ts';
import { gatewaySilentSec } from '../../contract/alarms-of-servers.ts';
import type { FaultEntry } from './fault-log.ts';

/** Redis being away for less is a late answer, ms. */
const awayMsMin = 2_000;

/** What the desk knows at a look. */
export interface FaultSight {
  /** Redis time, ms. */
  readonly nowMs: number;
  /** Changes of a master since the process began, and the last one. */
  readonly failovers: number;
  readonly failoverAtMs: number | null;
  /** By event; undefined = not looked at yet. */
  readonly facts: ReadonlyMap<string, Pick<AlarmFacts, 'nowMs' | 'reports' | 'stale'> | undefined>;
}

export class FaultWatch {
  private failovers = 0;
  private lookedAtMs: number | undefined;
  private hasMissed = false;
  /** Gateways are not missed before this: after an outage of Redis they need a moment to report. */
  private deafUntilMs = 0;
  /** "event gateway" of those that are missing. */
  private missing = new Set<string>();

  /** A look failed, as Redis did not answer. */
  missed(): void {
    this.hasMissed = true;
  }

  /** What has happened since the last look. */
  look(sight: FaultSight): FaultEntry[] {
    return [...this.outage(sight), ...this.takeovers(sight), ...this.losses(sight)];
  }

  private outage({ nowMs }: FaultSight): FaultEntry[] {
    const fromMs = this.lookedAtMs ?? nowMs;
    const wasAway = this.hasMissed && nowMs - fromMs >= awayMsMin;
    if (this.hasMissed) this.deafUntilMs = nowMs + gatewaySilentSec * 1000;
    this.hasMissed = false;
    this.lookedAtMs = nowMs;
    return wasAway ? [{ kind: 'redis-away', fromMs, atMs: nowMs }] : [];
  }

  private takeovers({ failovers, failoverAtMs, nowMs }: FaultSight): FaultEntry[] {
    const seen = failovers - this.failovers;
    this.failovers = failovers;
    return Array.from({ length: Math.max(0, seen) }, () => ({
      kind: 'failover' as const,
      atMs: failoverAtMs ?? nowMs,
    }));
  }

  private losses({ facts, nowMs }: FaultSight): FaultEntry[] {
    if (nowMs < this.deafUntilMs) return [];
    const lost: FaultEntry[] = [];
    const missing = new Set<string>();
    for (const [event, one] of facts) {
      if (one === undefined || one.stale) continue;
      for (const { gateway, lastMs } of one.reports) {
        if (one.nowMs - lastMs <= gatewaySilentSec * 1000) continue;
        const name = `${event} ${gateway}`;
        missing.add(name);
        if (!this.missing.has(name)) lost.push({ kind: 'gateway-lost', event, atMs: lastMs, gateway });
      }
    }
    this.missing = missing;
    return lost;
  }
}
