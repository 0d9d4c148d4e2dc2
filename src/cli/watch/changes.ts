/**
 * The changes that watchers are told of: every audit record once, in order, also those made while the link was down.
 * A snapshot carries the newest few; when they do not reach back to the last one seen, the audit trail is read.
 */
import type { AuditEntry } from '../../contract/audit.ts';
import type { QueueSnapshot } from '../../contract/snapshot.ts';
import type { AdminApi } from '../admin-api.ts';

/** Records asked for at once when a gap is to be closed, and pages at most. */
const pageLimit = 100;
const pagesMax = 10;
/** Records kept for the screen. */
const keptMax = 50;

export interface ChangeLogOptions {
  readonly event: string;
  /** Reads the audit trail; without it gaps stay. */
  readonly api?: Pick<AdminApi, 'audit'>;
  /** Told of records that are new, oldest first; never of those that were there at the start. */
  readonly onNew?: (entries: readonly AuditEntry[]) => void;
}

export class ChangeLog {
  /** Newest first. */
  entries: readonly AuditEntry[] = [];
  private readonly options: ChangeLogOptions;
  private hasStarted = false;
  private newestId: string | undefined;
  private filling: Promise<void> | undefined;
  private queued: QueueSnapshot | undefined;

  constructor(options: ChangeLogOptions) {
    this.options = options;
  }

  /** Takes a snapshot's changes in. Resolves once all that is new has been told. */
  async take(snapshot: QueueSnapshot): Promise<void> {
    if (this.filling !== undefined) {
      this.queued = snapshot;
      return this.filling;
    }
    const { changes } = snapshot;
    if (!this.hasStarted) {
      this.hasStarted = true;
      this.newestId = changes[0]?.auditId;
      this.entries = changes;
      return;
    }
    const at = this.newestId === undefined ? -1 : changes.findIndex((each) => each.auditId === this.newestId);
    const isWhole = at >= 0 || (this.newestId === undefined && changes.length === 0);
    if (isWhole) {
      this.add(at < 0 ? [] : changes.slice(0, at), changes);
      return;
    }
    this.filling = this.fill(changes);
    await this.filling;
    this.filling = undefined;
    const next = this.queued;
    this.queued = undefined;
    if (next !== undefined) await this.take(next);
  }

  /** Reads the audit trail back to the last record seen; what cannot be read, the snapshot's own must do for. */
  private async fill(changes: readonly AuditEntry[]): Promise<void> {
    const { api, event } = this.options;
    const known = this.newestId;
    const found = [...changes];
    let isReached = known === undefined && changes.length < 8;
    try {
      for (let page = 0; page < pagesMax && !isReached && api !== undefined; page += 1) {
        const before = found.at(-1)?.auditId;
        const { items } = await api.audit({
          event,
          limit: pageLimit,
          ...(before === undefined ? {} : { before }),
        });
        const end = items.findIndex(({ auditId }) => auditId === known);
        found.push(...(end < 0 ? items : items.slice(0, end)));
        isReached = end >= 0 || items.length < pageLimit;
      }
    } catch {
      // The audit trail cannot be read now: the newest are told, which is more than nothing.
    }
    this.add(found, changes);
  }

  private add(fresh: readonly AuditEntry[], latest: readonly AuditEntry[]): void {
    const seen = new Set(fresh.map(({ auditId }) => auditId));
    // Records change after they were made (undone, their outcome): the latest copy counts.
    const copies = new Map(latest.map((entry) => [entry.auditId, entry]));
    const older = this.entries.filter(({ auditId }) => !seen.has(auditId));
    const all = [...fresh, ...older].map((entry) => copies.get(entry.auditId) ?? entry);
    const isSame = all.every((entry, at) => JSON.stringify(entry) === JSON.stringify(this.entries[at]));
    if (!isSame || all.length !== this.entries.length) this.entries = all.slice(0, keptMax);
    this.newestId = fresh[0]?.auditId ?? this.newestId;
    if (fresh.length > 0) this.options.onNew?.(fresh.toReversed());
  }
}
