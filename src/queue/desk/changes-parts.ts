/** What `Changes` stands on: the desk gives it, tests give their own. */
import type { Role } from '../../contract/admin-api.ts';
import type { AuditEntry } from '../../contract/audit.ts';
import type { QueueSnapshot } from '../../contract/snapshot.ts';
import type { RedisClient } from '../../redis/client.ts';
import type { makeEvent } from '../events.ts';
import type { RedisClock } from '../redis-clock.ts';
import type { Replica } from '../replica.ts';
import type { EventRef, Store } from '../store.ts';
import type { HpaDesk } from './hpa/hpa-desk.ts';
import type { LoadDesk } from './loadtest/load-desk.ts';
import type { Report } from './receipt.ts';

/** One event as changes need it; `DeskEvent` is one. */
export interface ChangedEvent {
  readonly id: string;
  /** As of the journal's last entry that was read. */
  readonly replica: Replica;
  readonly ref: EventRef;
  /** Joins and leaves are known from here on, Redis ms. */
  readonly sinceMs: number;
  /** Content of the bucket now, micro-tokens. */
  tokensMicro(): number;
  /** Since the journal was last read, s. */
  ageSec(): number;
  snapshot(): QueueSnapshot;
  /** The seq of a visitor named as in contract/visitors.ts; undefined = nobody of that name in this event. */
  resolve(visitorRef: string): Promise<number | undefined>;
  /** What the gateways' workers said last, read anew. */
  reports(): Promise<readonly Report[]>;
}

/** Who makes a change; `Author` of src/admin-api/desk.ts. */
export interface ChangeAuthor {
  readonly name: string;
  readonly role: Role;
  readonly client: string;
}

/** What `Changes` stands on. */
export interface ChangesParts {
  /** Opened with `{ ...scripts, ...globalScripts }`. */
  readonly redis: RedisClient;
  readonly store: Store;
  readonly clock: RedisClock;
  /** Loads it if need be. @throws TacosError EVENT_NOT_FOUND */
  event(id: string): Promise<ChangedEvent>;
  /** Ids of all events that are not closed. */
  openEvents(): Promise<string[]>;
  readonly makeEvent: typeof makeEvent;
  /** Key id that new events are made with. */
  readonly signingKid: string;
  /** Time zone of events that name none, IANA. */
  readonly timeZone: string;
  readonly environment: {
    /** Production, or something like it: S2 and S3 want a reason. */
    readonly isProtected: boolean;
    /** BACKEND_BUDGET_PER_SEC, until `budget set` says otherwise; absent = no budget. */
    readonly defaultBudgetPerSec?: number;
  };
  /** A record with the raw meta fields as they were before it, where it has such; undefined = there is none. */
  auditRecord(
    auditId: string,
  ): Promise<
    | { readonly entry: AuditEntry; readonly restore?: Readonly<Record<string, string>> | undefined }
    | undefined
  >;
  /** The gateways' autoscaler; absent = this server steers none. */
  readonly hpa?: HpaDesk | undefined;
  readonly loads: Pick<LoadDesk, 'startDraft' | 'stopDraft' | 'start' | 'stop'>;
  readonly log: { warn(detail: object, message: string): void };
}

/** How an action is to be done; `ActOptions` of src/admin-api/desk.ts. */
export interface ChangeOptions {
  readonly ifRevision?: number;
  readonly changeId: string;
  readonly author: ChangeAuthor;
}
