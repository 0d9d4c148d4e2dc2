/** What the admin API needs from the queues. `src/queue/desk/desk.ts` provides it; Redis stays behind it. */
import type { ChangeReply, ParsedActRequest, ParsedPlanRequest, Plan } from '../contract/actions.ts';
import type { BudgetView, EventView, Role, SettingsView, VersionView } from '../contract/admin-api.ts';
import type { Alarm } from '../contract/alarms.ts';
import type { AuditEntry } from '../contract/audit.ts';
import type { DeskFigures } from '../contract/desk-figures.ts';
import type { Finding } from '../contract/doctor.ts';
import type { HpaQuery, HpaView } from '../contract/hpa.ts';
import type { LoadManifestsRequest, LoadRun, LoadSummary } from '../contract/loadtest.ts';
import type { SaleCheckRequest, SaleReport, SaleView } from '../contract/sale.ts';
import type { Overview, QueueSnapshot } from '../contract/snapshot.ts';
import type { PositionRow, VisitorStory } from '../contract/visitors.ts';

/** Who makes a change, for the audit trail. */
export interface Author {
  readonly name: string;
  readonly role: Role;
  /** Program and host that sent it, as it called itself. */
  readonly client: string;
}

/** How an action is to be done. */
export interface ActOptions {
  /** Refuse with VERSION_CONFLICT unless the event's settings still have this version. One event only. */
  readonly ifRevision?: number;
  /** The same id again answers as the first time and changes nothing, whatever the version is by then. */
  readonly changeId: string;
  readonly author: Author;
}

/** Which part of the line. */
export interface PositionsQuery {
  /** First position; default 1. */
  readonly from: number;
  /** 1 to positionsPageMax. */
  readonly limit: number;
}

/** Somebody with a queue on a screen. `event` null = the overview of all. */
export interface Watcher {
  readonly event: string | null;
  readonly name: string;
  readonly role: Role;
  readonly write: boolean;
}

/** What the server's own process adds to the checks of `doctor`. */
export interface ServerFacts {
  readonly certificateEndsAt: string | null;
  readonly webhook: { readonly configured: boolean; readonly failing: boolean };
}

/** Something for the webhook: an audit record, or an alarm that went on or off. */
export type DeskNews =
  | { readonly kind: 'audit'; readonly entry: AuditEntry }
  | { readonly kind: 'alarm'; readonly event: string; readonly on: boolean; readonly alarm: Alarm };

/** The operators' side of all queues. Every method may throw TacosError UNAVAILABLE when Redis is away. */
export interface Desk {
  /** True once Redis has answered. */
  readonly ready: boolean;
  /** `refusal`: that Redis refuses the user whom this process signs in as, a sentence; undefined = it does not. */
  readonly connections: { readonly refusal: string | undefined };
  listEvents(): Promise<EventView[]>;
  /** From memory, as the desk reads the journal like a gateway; undefined = not loaded, so call `load`. */
  snapshot(event: string): QueueSnapshot | undefined;
  /** @throws TacosError EVENT_NOT_FOUND */
  load(event: string): Promise<void>;
  /** At most 4 times a second, only when something differs, and at once on a change of state or bucket. */
  onChange(event: string, listener: (snapshot: QueueSnapshot) => void): () => void;
  overview(): Promise<Overview>;
  /** As onChange, for all events; at most once a second. */
  onOverview(listener: (overview: Overview) => void): () => void;
  /** @throws TacosError EVENT_NOT_FOUND */
  settings(event: string): Promise<SettingsView>;
  readonly sales: {
    /** How far the sale of an event has come. @throws TacosError EVENT_NOT_FOUND, SALE_NOT_FOUND */
    view(event: string): Promise<SaleView>;
    /** What is known of a sale afterwards, or of an event without one. @throws TacosError EVENT_NOT_FOUND */
    report(event: string): Promise<SaleReport>;
    /** The list before a sale. `webhookTook` null = no webhook is set. @throws TacosError EVENT_NOT_FOUND */
    check(
      event: string,
      ask: SaleCheckRequest,
      facts: { readonly server: ServerFacts; readonly webhookTook: boolean | null },
    ): Promise<Finding[]>;
  };
  /** Load tests in the cluster. All throw TacosError LOADTEST_NOT_SET, LOADTEST_NO_OPERATOR, CLUSTER_FORBIDDEN, CLUSTER_UNAVAILABLE. */
  readonly loads: {
    /** Those that nobody has deleted, newest first. */
    list(): Promise<LoadRun[]>;
    /** @throws TacosError LOADTEST_NOT_FOUND */
    view(name: string): Promise<LoadRun>;
    /** What its runners left in their logs. @throws TacosError LOADTEST_NOT_FOUND */
    summaries(name: string): Promise<LoadSummary[]>;
    /** The objects as they would be made; changes nothing. @throws TacosError BAD_REQUEST */
    manifests(request: LoadManifestsRequest): Record<string, unknown>[];
  };
  /** Versions of the bucket, newest first. @throws TacosError EVENT_NOT_FOUND */
  history(event: string): Promise<VersionView[]>;
  positions(
    event: string,
    query: PositionsQuery,
  ): Promise<{ rows: PositionRow[]; waiting: number; away: number }>;
  /** @throws TacosError EVENT_NOT_FOUND, VISITOR_NOT_FOUND */
  visitor(event: string, ref: string): Promise<VisitorStory>;
  budget(): Promise<BudgetView>;
  /** @throws TacosError CLUSTER_NOT_SET, HPA_NOT_FOUND, CLUSTER_FORBIDDEN, CLUSTER_UNAVAILABLE */
  hpa(query?: HpaQuery): Promise<HpaView>;
  /** Newest first. `event` = of one event only; `before` = older than that audit id. */
  audit(query: { event?: string; limit: number; before?: string }): Promise<AuditEntry[]>;
  /** @throws TacosError AUDIT_NOT_FOUND */
  auditEntry(auditId: string): Promise<AuditEntry>;
  /** What the action would do. Changes nothing. @throws TacosError EVENT_NOT_FOUND, BAD_REQUEST, AUDIT_NOT_FOUND */
  plan(request: ParsedPlanRequest, author: Author): Promise<Plan>;
  /**
   * Does it, and waits up to 1 s for the gateways' receipts.
   *
   * @throws TacosError VERSION_CONFLICT, GUARD_RAIL, CONSENT_REQUIRED, FORBIDDEN, ACTION_RUNNING, EVENT_NOT_FOUND
   */
  act(request: ParsedActRequest, options: ActOptions): Promise<ChangeReply>;
  /** Findings for one event, or for all that are not closed; failures first, then warnings, then passes. */
  doctor(event: string | undefined, server: ServerFacts): Promise<Finding[]>;
  /** For /metrics: from memory, also while Redis is away. */
  figures(): DeskFigures;
  /** Registers a screen until the returned function is called; other screens see it within 2 s. */
  watching(watcher: Watcher): () => void;
  /** Audit records and alarms as they come, once over all admin processes where Redis allows it. */
  onNews(listener: (news: DeskNews) => void): () => void;
  close(): Promise<void>;
}
