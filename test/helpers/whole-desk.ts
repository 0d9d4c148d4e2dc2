/** Desks as admin processes open them, with all that they do by themselves, and changes made there. */
import {
  type ActRequest,
  actRequestSchema,
  type ChangeReply,
  type ChangeResult,
} from '../../src/contract/actions.ts';
import { createDesk, type Desk, type DeskOptions } from '../../src/queue/desk/desk.ts';

export const author = { name: 'op', role: 'admin', client: 'vitest' } as const;

/** Opens a desk; what it warns of goes to `warnings`. */
export function openWholeDesk(
  port: number,
  options: Partial<DeskOptions> & { warnings?: string[] } = {},
): Promise<Desk> {
  const { warnings = [], ...rest } = options;
  return createDesk({
    redis: { host: '127.0.0.1', port },
    waitingTokenKeys: [{ kid: 'k1', secret: Buffer.alloc(32, 7) }],
    timeZone: 'UTC',
    log: { warn: (detail, message) => warnings.push(`${message} ${JSON.stringify(detail)}`) },
    ...rest,
  });
}

export interface ActingOptions extends Partial<ActRequest> {
  readonly ifRevision?: number;
  readonly changeId?: string;
}

let changes = 0;

/** Makes a change as an admin, with a reason unless one is given. */
export function act(
  desk: Desk,
  action: ActRequest['action'],
  options: ActingOptions = {},
): Promise<ChangeReply> {
  changes += 1;
  const { ifRevision, changeId = `change-${process.pid}-${changes}`, ...request } = options;
  const parsed = actRequestSchema.parse({ reason: 'as the test wants', ...request, action });
  return desk.act(parsed, { changeId, author, ...(ifRevision === undefined ? {} : { ifRevision }) });
}

/** The same for one event. @throws where it gave no result */
export async function actOn(
  desk: Desk,
  event: string,
  action: ActRequest['action'],
  options: ActingOptions = {},
): Promise<ChangeResult> {
  const [result] = (await act(desk, action, { events: [event], ...options })).results;
  if (!result) throw new Error('no result');
  return result;
}
