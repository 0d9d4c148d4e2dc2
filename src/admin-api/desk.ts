/** What the admin API needs from the queues. `src/queue/desk.ts` provides it; Redis stays behind it. */
import type {
  BucketChange,
  ChangeReply,
  CreateEvent,
  EventView,
  QueueSnapshot,
  Role,
} from '../contract/admin-api.ts';

/** Who makes a change, for the audit trail. */
export interface Author {
  readonly name: string;
  readonly role: Role;
  /** Program and host that sent it, as it called itself. */
  readonly client: string;
}

/** How a change is to be made. */
export interface ChangeOptions {
  /** Refuse with VERSION_CONFLICT unless the settings still have this revision. */
  readonly ifRevision?: number;
  /** The same id again answers as the first time and changes nothing, whatever the revision is by then. */
  readonly changeId: string;
  readonly author: Author;
}

/** The operators' side of all queues. Every method may throw TacosError UNAVAILABLE when Redis is away. */
export interface Desk {
  listEvents(): Promise<EventView[]>;
  /** @throws TacosError EVENT_EXISTS, EVENTS_FULL */
  createEvent(input: CreateEvent, author: Author): Promise<EventView>;
  /** From memory, as the desk reads the journal like a gateway; undefined = not loaded, so call `load`. */
  snapshot(event: string): QueueSnapshot | undefined;
  /** @throws TacosError EVENT_NOT_FOUND */
  load(event: string): Promise<void>;
  /** At most 4 times a second, only when something differs, and at once on a change of state or bucket. */
  onChange(event: string, listener: (snapshot: QueueSnapshot) => void): () => void;
  /** Waits up to 1 s for the gateways' receipts. @throws TacosError VERSION_CONFLICT, GUARD_RAIL, EVENT_NOT_FOUND */
  changeBucket(event: string, change: BucketChange, options: ChangeOptions): Promise<ChangeReply>;
  /** True once Redis has answered. */
  readonly ready: boolean;
  close(): Promise<void>;
}
