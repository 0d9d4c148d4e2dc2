/** How operations of the line ended: for /metrics, and refusals by event, for the report on a sale. */
import type { Refusal } from '../../contract/errors.ts';
import type { Line, Outcome } from '../../queue/line-types.ts';
import { eventOfToken } from '../../queue/waiting-token.ts';
import type { Meters, OperationName } from './meters.ts';

/** Each gives back what it was given. */
export class OperationCounts {
  private readonly line: Pick<Line, 'noteRefusal'>;
  private readonly meters: Meters['operations'];

  constructor(line: Pick<Line, 'noteRefusal'>, meters: Meters) {
    this.line = line;
    this.meters = meters.operations;
  }

  /** One that was done. */
  ok<O extends Outcome<unknown>>(operation: OperationName, outcome: O): O {
    this.meters[operation].ok += 1;
    return outcome;
  }

  /** One that is of no event, as far as can be told. */
  refused(operation: OperationName, refusal: Refusal): Refusal {
    this.meters[operation].refuse(refusal.code);
    return refusal;
  }

  refusedAt(event: string | undefined, operation: OperationName, refusal: Refusal): Refusal {
    this.line.noteRefusal(event, operation, refusal.code);
    return this.refused(operation, refusal);
  }

  /** At the event that the token names; one that is no good belongs to none. */
  refusedOf(token: string, operation: OperationName, refusal: Refusal): Refusal {
    const isNone = refusal.code === 'TOKEN_NOT_FOUND';
    return this.refusedAt(isNone ? undefined : eventOfToken(token), operation, refusal);
  }
}
