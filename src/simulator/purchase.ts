import type { z } from 'zod';
import {
  confirmReplySchema,
  intentReplySchema,
  paymentReplySchema,
  reserveReplySchema,
} from '../contract/reservations.ts';
import type { PurchasePlan, VisitorPlan } from './plan.ts';
import { readError } from './replies.ts';
import { confirmRequest, intentRequest, paymentRequest, reserveRequest } from './requests.ts';
import { Retry } from './retry.ts';
import type { SaleEnd } from './sales.ts';
import type { Surroundings } from './surroundings.ts';
import type { Answer, Outgoing } from './wire.ts';

/** A buyer gives up when failures last so long, ms: the pass is good for 30 s. */
const giveUpAfterMs = 30_000;
/** Pause between two looks at a payment, ms; it counts as failed after so many. */
const lookMs = 250;
const looksMax = 120;

type Reserved = z.infer<typeof reserveReplySchema>;

/** One request of a purchase with all its copies, until a final answer has come. */
interface Step {
  readonly request: Outgoing;
  readonly copies: number;
  /** Sent so many times more, once it was answered. */
  repeats: number;
  /** The final answer that came first: all others must equal it. */
  first?: Answer;
  readonly done: (answer: Answer) => void;
}

/**
 * What a buyer does between the enter and the order. Each step is one request, with one Idempotency-Key however often it
 * is sent; busy and missing answers are tried again.
 *
 * | step    | asks for                  | goes on when                                                               |
 * |---------|---------------------------|----------------------------------------------------------------------------|
 * | reserve | any free seats            | 201 → intent (who never pays ends); SEATS_TAKEN → ends                     |
 * | intent  | a payment of their price  | 2xx → payment                                                              |
 * | payment | its state, every 250 ms   | COMPLETED → confirm; FAILED or any other end → ends                        |
 * | confirm | the order                 | 200 → ends; RESERVATION_EXPIRED → ends                                     |
 */
export class Purchase {
  readonly #plan: VisitorPlan;
  readonly #wanted: PurchasePlan;
  readonly #around: Surroundings;
  readonly #onEnded: () => void;
  readonly #retry: Retry;
  #target: number;
  #step: Step;
  #looks = 0;

  constructor(
    plan: VisitorPlan,
    goods: { readonly wanted: PurchasePlan; readonly reservationToken: string; readonly target: number },
    around: Surroundings,
    onEnded: () => void,
  ) {
    this.#plan = plan;
    this.#wanted = goods.wanted;
    this.#around = around;
    this.#onEnded = onEnded;
    this.#retry = new Retry(plan.random, Math.min(giveUpAfterMs, around.settings.giveUpAfterMs));
    this.#target = goods.target;
    around.tally.sales.begun += 1;
    around.tally.sales.underway += 1;
    const { event } = around.settings;
    const { quantity } = goods.wanted;
    const request = reserveRequest(plan, { event, quantity, reservationToken: goods.reservationToken });
    this.#step = this.#keyed(request, (answer) => this.#reserved(answer));
  }

  /** Sends what is due; called once to begin, then by the agenda. */
  act(): void {
    const step = this.#step;
    const isAgain = step.first !== undefined;
    const copies = isAgain ? 1 : step.copies;
    const answers: Answer[] = [];
    for (let copy = 0; copy < copies; copy += 1) {
      this.#around.shop.send(this.#target + copy, step.request, (answer) => {
        this.#around.tally.answered(step.request.call, answer);
        answers.push(answer);
        if (answers.length === copies) this.#answered(step, answers);
      });
    }
  }

  #answered(step: Step, answers: readonly Answer[]): void {
    const { sales } = this.#around.tally;
    for (const answer of answers.filter(isFinal)) {
      if (step.first === undefined) step.first = answer;
      else {
        sales.repeated += 1;
        if (!isSame(step.first, answer)) sales.answeredOtherwise += 1;
      }
    }
    if (step.first === undefined) this.#again(answers);
    else if (step.repeats > 0) {
      step.repeats -= 1;
      this.#target += 1;
      this.act();
    } else {
      this.#retry.succeeded();
      step.done(step.first);
    }
  }

  #again(answers: readonly Answer[]): void {
    for (const answer of answers) this.#noteError(answer);
    if (answers.some(({ failure }) => failure !== undefined)) this.#target += 1;
    const nowMs = performance.now();
    const toldMs = Math.max(...answers.map(({ retryAfterMs }) => retryAfterMs ?? 0));
    const waitMs = this.#retry.failed(nowMs, toldMs);
    if (waitMs === undefined) {
      this.#end('gaveUp');
      return;
    }
    this.#around.tally.retries += 1;
    this.#around.agenda.add(nowMs + waitMs, this);
  }

  #reserved(answer: Answer): void {
    const reply = read(reserveReplySchema, answer);
    if (reply === undefined) {
      this.#refused(answer);
      return;
    }
    this.#around.tally.sales.reserved += 1;
    const { payment: scenario } = this.#wanted;
    if (scenario === 'never') {
      this.#end('neverPaid');
      return;
    }
    const { reservation_id: reservationId, amount = 1, currency = 'KRW' } = reply;
    const request = intentRequest(this.#plan, { reservationId, amount, currency, scenario });
    this.#begin(this.#keyed(request, (intent) => this.#paying(reply, intent)));
  }

  #paying(reserved: Reserved, answer: Answer): void {
    const intent = read(intentReplySchema, answer);
    if (intent === undefined) {
      this.#refused(answer);
      return;
    }
    const { payment_intent_id: paymentIntentId } = intent;
    const request = paymentRequest(this.#plan, paymentIntentId);
    const look = (): Step => ({ request, copies: 1, repeats: 0, done: seen });
    const seen = (looked: Answer): void => {
      const status = read(paymentReplySchema, looked)?.status;
      this.#looks += 1;
      if (status === undefined) this.#refused(looked);
      else if (status === 'COMPLETED') this.#paid(reserved, paymentIntentId);
      else if ((status === 'PENDING' || status === 'PROCESSING') && this.#looks < looksMax) {
        this.#step = look();
        this.#around.agenda.add(performance.now() + lookMs, this);
      } else this.#end('declined');
    };
    this.#begin(look());
  }

  #paid({ reservation_id: reservationId, seat_ids: seatIds }: Reserved, paymentIntentId: string): void {
    const { sales } = this.#around.tally;
    sales.paid += 1;
    const request = confirmRequest(this.#plan, { reservationId, paymentIntentId });
    const confirmed = (answer: Answer): void => {
      const reply = read(confirmReplySchema, answer);
      if (reply === undefined) {
        this.#refused(answer);
        return;
      }
      const { userId } = this.#plan;
      sales.confirmed({ orderId: reply.order_id, reservationId, userId, seatIds });
      this.#end('confirmed');
    };
    this.#begin(this.#keyed(request, confirmed));
  }

  #begin(step: Step): void {
    this.#step = step;
    this.act();
  }

  #keyed(request: Outgoing, done: (answer: Answer) => void): Step {
    const { random } = this.#plan;
    const isRepeated = this.#wanted.repeat > 0 && random() < this.#wanted.repeat;
    const copies = !isRepeated ? 1 : random() < 0.5 ? 2 : 5;
    return { request, copies, repeats: isRepeated ? 1 : 0, done };
  }

  #refused(answer: Answer): void {
    this.#noteError(answer);
    const { code } = readError(answer.body);
    if (code === 'SEATS_TAKEN') this.#end('soldOut');
    else this.#end(code === 'RESERVATION_EXPIRED' ? 'expired' : 'refused');
  }

  #noteError(answer: Answer): void {
    if (answer.failure !== undefined) return;
    const fallback = answer.status < 400 ? 'BAD_ANSWER' : `HTTP_${answer.status}`;
    this.#around.tally.error(readError(answer.body).code ?? fallback);
  }

  #end(end: SaleEnd): void {
    const { sales } = this.#around.tally;
    sales.underway -= 1;
    sales.ends[end] += 1;
    this.#onEnded();
  }
}

/** Whether the same request gets this answer from now on. */
function isFinal({ status, retryAfterMs }: Answer): boolean {
  return status >= 200 && status < 500 && status !== 429 && retryAfterMs === undefined;
}

/** The trace id of an error is that of its request. */
function isSame(one: Answer, other: Answer): boolean {
  const said = ({ body }: Answer): string =>
    readError(body).code === undefined ? body : `${readError(body).code}`;
  return one.status === other.status && said(one) === said(other);
}

/** A 2xx reply of that shape, or undefined. */
function read<Schema extends z.ZodType>(
  schema: Schema,
  { status, body }: Answer,
): z.infer<Schema> | undefined {
  if (status < 200 || status > 299) return undefined;
  try {
    const parsed = schema.safeParse(JSON.parse(body));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
