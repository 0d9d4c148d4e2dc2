/** Keeps the plan of a form fresh: asked for each second, and at once when the form says another thing. */
import type { Plan, PlanRequest } from '../../../contract/actions.ts';
import type { Seat } from '../panels/panel.ts';

/** A plan is asked for so often, and while typing no more than so often, ms. */
const everyMs = { same: 1_000, other: 250 };

export class PlanReader {
  /** Of the latest question that was answered; undefined = none, or it failed. */
  plan: Plan | undefined;
  /** Request, as text, that the plan or the problem belongs to. */
  body = '';
  /** Why there is no plan. */
  problem = '';
  private readonly seat: Pick<Seat, 'api' | 'nowMs'>;
  private readonly onAnswer: () => void;
  private askedAtMs = Number.NEGATIVE_INFINITY;
  private asked = 0;

  constructor(seat: Pick<Seat, 'api' | 'nowMs'>, onAnswer: () => void) {
    this.seat = seat;
    this.onAnswer = onAnswer;
  }

  /** Asks if it is due. undefined = there is nothing to plan. */
  want(request: PlanRequest | undefined): void {
    if (request === undefined) {
      this.forget();
      return;
    }
    const body = JSON.stringify(request);
    const nowMs = this.seat.nowMs();
    if (nowMs - this.askedAtMs < (body === this.body ? everyMs.same : everyMs.other)) return;
    this.askedAtMs = nowMs;
    this.asked += 1;
    const number = this.asked;
    this.seat.api.plan(request).then(
      (plan) => this.take(number, { plan, body, problem: '' }),
      (error: unknown) => this.take(number, { plan: undefined, body, problem: textOf(error) }),
    );
  }

  /** The plan no longer holds; the next question is asked at once, and answers under way do not count. */
  forget(): void {
    this.plan = undefined;
    this.body = '';
    this.problem = '';
    this.asked += 1;
    this.askedAtMs = Number.NEGATIVE_INFINITY;
  }

  private take(number: number, answer: Pick<PlanReader, 'plan' | 'body' | 'problem'>): void {
    // Only the answer to the latest question counts.
    if (number !== this.asked) return;
    this.plan = answer.plan;
    this.body = answer.body;
    this.problem = answer.problem;
    this.onAnswer();
  }
}

/** What went wrong, in words. */
export const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
