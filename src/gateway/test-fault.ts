/**
 * Faults of the line that are switched on on purpose (TEST_FAULT), so that a test can prove that load tests see them.
 * Loaded only then, and only a gateway with SERVER_ENVIRONMENT=test starts with one.
 */
import { randomUUID } from 'node:crypto';
import { refuse } from '../contract/errors.ts';
import type { JoinReply } from '../contract/visitor-api.ts';
import type { Line, Outcome } from '../queue/line-types.ts';
import type { PassSigner } from '../queue/reservation-token.ts';
import type { BuildLine } from './line-options.ts';
import type { testFaults } from './variables.ts';

export type TestFault = (typeof testFaults)[number];

/** Places that the fault of the order takes in advance, at most. */
const sparesMax = 1_000;

/** The builder of a line that breaks one promise. */
export const faulty =
  (build: BuildLine, fault: TestFault): BuildLine =>
  async (options) => {
    if (fault === 'double_grant') return build({ ...options, passes: anotherPassEachTime(options.passes) });
    const line = await build(options);
    return fault === 'wrong_order'
      ? withMethod(line, { join: jumping(line) })
      : withMethod(line, { enter: refusing });
  };

/** A repeated enter gets a second pass, good beside the first: one place is granted twice. */
const anotherPassEachTime = (signer: PassSigner): PassSigner => ({
  sign: (grant) => signer.sign({ ...grant, passId: randomUUID() }),
});

/** What the fault of the order knows of one event. */
class Jumped {
  readonly spares: Outcome<JoinReply>[] = [];
  readonly given = new Map<string, Outcome<JoinReply>>();
  joins = 0;
}

/** Takes places in front of visitors, and gives every fourth who joins without a name the oldest of them: they jump the line. */
function jumping(line: Line): Line['join'] {
  const events = new Map<string, Jumped>();
  return async (request) => {
    const { eventId, userId, idempotencyKey = '', caller } = request;
    const event = events.get(eventId) ?? new Jumped();
    events.set(eventId, event);
    const before = event.given.get(idempotencyKey);
    if (before !== undefined) return before;
    if (caller.subject !== undefined || userId !== undefined) return line.join(request);
    event.joins += 1;
    const number = event.joins;
    if (number % 2 === 1 && number < 2 * sparesMax) {
      event.spares.push(await line.join({ eventId, idempotencyKey: randomUUID(), caller: {} }));
    }
    // Moved on by one every sixteen: visitors of one virtual user, who come at even steps, must not all jump or all wait.
    const isJump = (number + Math.floor(number / 16)) % 4 === 0;
    const outcome = (isJump ? event.spares.shift() : undefined) ?? (await line.join(request));
    if (idempotencyKey !== '') event.given.set(idempotencyKey, outcome);
    return outcome;
  };
}

/** Whoever was told that they are ready is told to wait. */
const refusing: Line['enter'] = async () => {
  const why = { reason: 'tokens', detail: 'tokens', position: 1, retry_after_sec: 2 };
  return refuse('NOT_READY', { retryAfterSec: 2, body: { admission: 'denied', ...why } });
};

/** The line with one method replaced. */
const withMethod = (line: Line, replaced: Partial<Line>): Line =>
  new Proxy(line, {
    get(target, name) {
      const value: unknown = Reflect.get(name in replaced ? replaced : target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
