/** The admin API as commands and screens see it; `api-client.ts` speaks it over HTTP. */
import type { z } from 'zod';
import type { ActRequest, ChangeReply, Plan, PlanRequest } from '../contract/actions.ts';
import type {
  BucketItemReply,
  budgetReplySchema,
  EventItemReply,
  EventList,
  settingsReplySchema,
  VersionReply,
  versionListSchema,
  whoamiReplySchema,
} from '../contract/admin-api.ts';
import type { auditListSchema, auditReplySchema } from '../contract/audit.ts';
import type { findingListSchema } from '../contract/doctor.ts';
import type { HpaQuery, hpaReplySchema } from '../contract/hpa.ts';
import type {
  LoadManifestsRequest,
  loadManifestListSchema,
  loadRunListSchema,
  loadRunReplySchema,
  loadSummaryListSchema,
} from '../contract/loadtest.ts';
import type { SaleCheckRequest, saleReplySchema, saleReportReplySchema } from '../contract/sale.ts';
import type { Overview, QueueSnapshot } from '../contract/snapshot.ts';
import type { PositionList, visitorReplySchema } from '../contract/visitors.ts';
import type { OverviewMessage, StreamMessage } from './watch/stream.ts';

/** How a change is sent. */
export interface ChangeHeaders {
  readonly ifRevision?: number;
  readonly idempotencyKey: string;
}

/** How a stream is opened. */
export interface StreamOptions {
  readonly lastEventId?: string;
  readonly signal: AbortSignal;
  /** This screen may change things: other screens are told. */
  readonly write?: boolean;
}

/** Calls of the admin API; every one throws CliError. */
export interface AdminApi {
  version(): Promise<VersionReply>;
  whoami(): Promise<z.output<typeof whoamiReplySchema>>;
  listEvents(): Promise<EventList>;
  event(event: string): Promise<EventItemReply>;
  snapshot(event: string): Promise<QueueSnapshot>;
  overview(): Promise<Overview>;
  bucket(event: string): Promise<BucketItemReply>;
  history(event: string): Promise<z.output<typeof versionListSchema>>;
  sale(event: string): Promise<z.output<typeof saleReplySchema>>;
  saleReport(event: string): Promise<z.output<typeof saleReportReplySchema>>;
  /** The list before a sale, as far as the server sees; sends the webhook a test message. */
  saleCheck(event: string, ask: SaleCheckRequest): Promise<z.output<typeof findingListSchema>>;
  settings(event: string): Promise<z.output<typeof settingsReplySchema>>;
  positions(event: string, query: { from: number; limit: number }): Promise<PositionList>;
  visitor(event: string, ref: string): Promise<z.output<typeof visitorReplySchema>>;
  budget(): Promise<z.output<typeof budgetReplySchema>>;
  hpa(query: HpaQuery): Promise<z.output<typeof hpaReplySchema>>;
  /** Load tests in the cluster. */
  loadRuns(): Promise<z.output<typeof loadRunListSchema>>;
  loadRun(name: string): Promise<z.output<typeof loadRunReplySchema>>;
  loadSummaries(name: string): Promise<z.output<typeof loadSummaryListSchema>>;
  loadManifests(request: LoadManifestsRequest): Promise<z.output<typeof loadManifestListSchema>>;
  audit(query: { event?: string; limit: number; before?: string }): Promise<z.output<typeof auditListSchema>>;
  auditEntry(auditId: string): Promise<z.output<typeof auditReplySchema>>;
  doctor(event: string | undefined): Promise<z.output<typeof findingListSchema>>;
  plan(request: PlanRequest): Promise<Plan>;
  /** Sent again with the same key when the answer is lost. */
  act(request: ActRequest, headers: ChangeHeaders): Promise<ChangeReply>;
  stream(event: string, options: StreamOptions): AsyncIterable<StreamMessage>;
  overviewStream(options: StreamOptions): AsyncIterable<OverviewMessage>;
  /** Environment name that the last answer carried. */
  readonly environment: string | undefined;
  /** Seconds that the server's clock is ahead of ours, from the Date header of the last answer; undefined = not known. */
  readonly clockSkewSec: number | undefined;
}
