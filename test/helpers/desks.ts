/** Desks of admin processes, on a Redis of the test's own, and how tests ask them. */
import {
  type Action,
  actRequestSchema,
  type ChangeReply,
  type ChangeResult,
  type Plan,
  planRequestSchema,
} from '../../src/contract/actions.ts';
import type { Role } from '../../src/contract/admin-api.ts';
import { TacosError } from '../../src/contract/errors.ts';
import { createDesk, type Desk, type DeskOptions } from '../../src/queue/desk/desk.ts';

/** How an action is sent, beside what it is. */
export interface Sent {
  readonly role?: Role;
  readonly ifRevision?: number;
  readonly changeId?: string;
  readonly planHash?: string;
  readonly reason?: string;
  readonly confirm?: string;
  readonly override?: boolean;
}

export interface TestDesk {
  readonly desk: Desk;
  readonly warnings: string[];
  plan(events: readonly string[] | 'all', action: Action): Promise<Plan>;
  act(events: readonly string[] | 'all', action: Action, sent?: Sent): Promise<ChangeReply>;
  /** As `act`, of one event. @throws where the answer has not exactly one result */
  one(event: string | undefined, action: Action, sent?: Sent): Promise<ChangeResult>;
}

const keys = [{ kid: 'k1', secret: Buffer.alloc(32, 7) }];
let changes = 0;

/** Opens a desk; the operator's events are made with the same key. */
export async function openDesk(port: number, options: Partial<DeskOptions> = {}): Promise<TestDesk> {
  const warnings: string[] = [];
  const desk = await createDesk({
    redis: { host: '127.0.0.1', port },
    waitingTokenKeys: keys,
    timeZone: 'UTC',
    log: { warn: (_, message) => warnings.push(message) },
    ...options,
  });
  const authorOf = (role: Role) => ({ name: `the ${role}`, role, client: 'test' });
  const act: TestDesk['act'] = (events, action, sent = {}) => {
    changes += 1;
    const { role = 'operator', ifRevision, changeId = `change-${process.pid}-${changes}`, ...rest } = sent;
    const request = actRequestSchema.parse({ events, action, ...rest });
    const version = ifRevision === undefined ? {} : { ifRevision };
    return desk.act(request, { changeId, author: authorOf(role), ...version });
  };
  return {
    desk,
    warnings,
    plan: (events, action) => desk.plan(planRequestSchema.parse({ events, action }), authorOf('operator')),
    act,
    async one(event, action, sent) {
      const { results } = await act(event === undefined ? [] : [event], action, sent);
      const [result] = results;
      if (!result || results.length > 1) throw new Error(`${results.length} results`);
      return result;
    },
  };
}

/** The refusal that a promise must end in. @throws when it does not */
export async function refused(promise: Promise<unknown>): Promise<TacosError['refusal']> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome && outcome.error instanceof TacosError) return outcome.error.refusal;
  throw new Error(`not refused: ${'error' in outcome ? outcome.error : JSON.stringify(outcome.value)}`);
}
