import { pollAfterSecMin } from '../contract/limits.ts';
import type { ChallengeReply } from '../contract/visitor-api.ts';
import type { Due } from './agenda.ts';
import { EtaLog } from './eta-log.ts';
import type { PurchasePlan, VisitorPlan } from './plan.ts';
import { Purchase } from './purchase.ts';
import { judgeRefusal } from './refusal.ts';
import {
  isRestorable,
  isRiseExplained,
  type PlaceSeen,
  readChallenge,
  readError,
  readGrant,
  readJoin,
  readStatus,
  type StatusSeen,
} from './replies.ts';
import { enterRequest, joinRequest, leaveRequest, statusRequest } from './requests.ts';
import { isWorthRetrying, proofsMax, Retry } from './retry.ts';
import type { Surroundings } from './surroundings.ts';
import type { Outcome } from './tally.ts';
import type { Answer, Outgoing } from './wire.ts';

/**
 * One simulated visitor: a browser tab that does as the gateway tells it.
 *
 * | state    | meaning                          | leaves it when                                             |
 * |----------|----------------------------------|------------------------------------------------------------|
 * | arriving | a join is due                    | its time has come → joining                                |
 * | joining  | a join, or racing copies of it   | all answered: a place → waiting (a no-show may end here);  |
 * |          | are under way                    | busy or no answer → arriving; proof → joining; else ends   |
 * | waiting  | a poll (or the leave) is due     | its time has come → polling, or leaving out of impatience  |
 * | polling  | a poll is under way              | ready → thinking (neverEnter: waiting; a no-show ends);    |
 * |          |                                  | not yet, busy or no answer → waiting; place ended → ends   |
 * | thinking | ready, an enter is due           | its time has come → entering                               |
 * | entering | an enter, or racing copies of it | granted → ends, or buying; not yet → waiting; busy or no   |
 * |          | are under way                    | answer → thinking; else ends                               |
 * | buying   | entered, a purchase is under way | the purchase is over (see Purchase) → ends                 |
 * | leaving  | a leave is under way             | left → ends; busy or no answer → waiting, where it is due  |
 * | ended    | with an outcome                  | never                                                      |
 *
 * Failures never lose a visitor: each is counted, and tried again until the patience of `Retry` is over.
 * At most one action is due at a time, and none while a request is under way, so the agenda needs no removal.
 */
export type VisitorState =
  | 'arriving'
  | 'joining'
  | 'waiting'
  | 'polling'
  | 'thinking'
  | 'entering'
  | 'buying'
  | 'leaving'
  | 'ended';

export class Visitor implements Due {
  readonly #around: Surroundings;
  readonly #plan: VisitorPlan;
  readonly #retry: Retry;
  readonly #etas = new EtaLog();
  #state: VisitorState = 'arriving';
  #target: number;
  #token = '';
  #poll: Outgoing | undefined;
  #positionHint = Number.MAX_SAFE_INTEGER;
  #joinedAtMs = 0;
  #leaveAtMs = Number.POSITIVE_INFINITY;
  #position = 0;
  #readyAtMs = 0;

  /** A visitor who joins when the agenda first lets them act. */
  constructor(plan: VisitorPlan, around: Surroundings) {
    this.#plan = plan;
    this.#around = around;
    this.#target = plan.index;
    this.#retry = new Retry(plan.random, around.settings.giveUpAfterMs);
  }

  /** Does what is due; the agenda calls it. */
  act(nowMs: number): void {
    if (this.#state === 'arriving') this.#join();
    else if (this.#state === 'thinking') this.#enter();
    else if (this.#state === 'waiting' && nowMs >= this.#leaveAtMs) this.#leave();
    else if (this.#state === 'waiting' && this.#poll !== undefined) this.#sendPoll(this.#poll);
  }

  /** The leave of a place that this visitor holds; none before a join was answered. */
  get farewell(): Outgoing | undefined {
    return this.#token === '' ? undefined : leaveRequest(this.#plan, this.#token);
  }

  #join(work?: ChallengeReply, proofs = 0): void {
    this.#state = 'joining';
    const request = joinRequest(this.#plan, this.#around.settings.event, work);
    this.#race(this.#plan.joinCopies, request, (answers) => this.#joinAnswered(answers, proofs));
  }

  #joinAnswered(answers: readonly Answer[], proofs: number): void {
    const places = answers.flatMap((answer) => this.#placeOf(answer) ?? []);
    if (new Set(places.map(({ token }) => token)).size > 1) this.#around.tally.duplicatePlaces += 1;
    const place = places.find(({ reply }) => reply !== undefined) ?? places[0];
    const work = place ? undefined : answers.map(({ body }) => readChallenge(body)).find(Boolean);
    if (work !== undefined && proofs < proofsMax) this.#join(work, proofs + 1);
    else if (place === undefined) this.#again('arriving', answers, 'refused');
    else this.#joined(place, answers[0]?.answeredAtMs ?? performance.now());
  }

  #placeOf(answer: Answer): PlaceSeen | undefined {
    const reply = answer.status === 202 ? readJoin(answer.body) : undefined;
    if (reply !== undefined) return { token: reply.waiting_token, reply };
    const token = answer.status === 409 ? readError(answer.body).waitingToken : undefined;
    if (token !== undefined) return { token };
    this.#noteError(answer);
    return undefined;
  }

  #joined({ token, reply }: PlaceSeen, nowMs: number): void {
    this.#retry.succeeded();
    this.#around.tally.joined += 1;
    this.#token = token;
    this.#poll = statusRequest(this.#plan, token);
    this.#joinedAtMs = nowMs;
    if (reply !== undefined) this.#positionHint = reply.position_hint;
    if (this.#plan.kind === 'leaver') this.#leaveAtMs = nowMs + this.#plan.patienceMs;
    if (this.#plan.kind === 'noShow' && this.#plan.vanishAt === 'join') this.#end('vanished');
    else this.#waitFor((reply?.poll_after_sec ?? pollAfterSecMin) * 1000);
  }

  #sendPoll(poll: Outgoing): void {
    this.#state = 'polling';
    this.#around.wire.send(this.#target, poll, (answer) => {
      this.#around.tally.answered('status', answer);
      const seen = answer.status === 200 ? readStatus(answer.body) : undefined;
      if (seen !== undefined) this.#seen(seen, answer.answeredAtMs);
      else this.#failed('waiting', answer);
    });
  }

  #seen(seen: StatusSeen, nowMs: number): void {
    this.#retry.succeeded();
    if (seen.status === 'entered') this.#end('enteredUnseen');
    else if (seen.status === 'left' || seen.status === 'closed') this.#end(seen.status);
    else if (seen.status === 'expired' && !isRestorable(seen)) this.#end('expired');
    else if (seen.ready_for_entry) this.#ready(seen, nowMs);
    else this.#notYet(seen, nowMs);
  }

  #notYet(seen: StatusSeen, nowMs: number): void {
    const hasRisen = this.#position > 0 && seen.position > this.#position;
    if (hasRisen && !isRiseExplained(seen.notices)) this.#around.tally.positionRises += 1;
    this.#position = seen.position;
    if (seen.position > 0) this.#etas.note(nowMs, seen.eta_sec, seen.confidence);
    this.#waitFor(seen.poll_after_sec * 1000);
  }

  #ready(seen: StatusSeen, nowMs: number): void {
    this.#readyAtMs = nowMs;
    this.#position = seen.position;
    this.#etas.judgeOnce(nowMs, this.#around.tally);
    if (this.#plan.kind === 'noShow') {
      this.#end('vanished');
      return;
    }
    if (this.#plan.kind === 'neverEnter') {
      this.#waitFor(seen.poll_after_sec * 1000);
      return;
    }
    this.#state = 'thinking';
    this.#around.agenda.add(nowMs + this.#plan.thinkMs, this);
  }

  #enter(): void {
    this.#state = 'entering';
    const request = enterRequest(this.#plan, this.#token);
    this.#race(this.#around.settings.enterCopies, request, (answers) => this.#enterAnswered(answers));
  }

  #enterAnswered(answers: readonly Answer[]): void {
    const grants = answers.map((answer) => (answer.status === 200 ? readGrant(answer.body) : undefined));
    const tokens = new Set(grants.filter((grant) => grant !== undefined));
    const { tally } = this.#around;
    if (tokens.size > 1) tally.doubleGrants += 1;
    const first = grants.findIndex((grant) => grant !== undefined);
    const [firstGranted, grant] = [answers[first], grants[first]];
    if (firstGranted === undefined || grant === undefined) {
      this.#enterRefused(answers);
      return;
    }
    for (const [index, answer] of answers.entries()) if (grants[index] === undefined) this.#noteError(answer);
    tally.admission(this.#joinedAtMs, this.#positionHint, firstGranted.answeredAtMs);
    if (this.#plan.purchase === undefined) this.#end('entered');
    else this.#buy(this.#plan.purchase, grant);
  }

  #buy(wanted: PurchasePlan, reservationToken: string): void {
    this.#state = 'buying';
    this.#token = '';
    this.#around.tally.outcomes.entered += 1;
    const goods = { wanted, reservationToken, target: this.#target };
    new Purchase(this.#plan, goods, this.#around, () => this.#gone('entered')).act();
  }

  #enterRefused(answers: readonly Answer[]): void {
    const answer = answers.find(({ status }) => status >= 400);
    // A copy without an answer may have been granted: only asking again tells.
    if (answer === undefined || answers.some(({ failure }) => failure !== undefined)) {
      this.#again('thinking', answers, 'refused');
      return;
    }
    const error = readError(answer.body);
    if (error.code === 'ALREADY_ENTERED') {
      this.#end('enteredUnseen', answer);
      return;
    }
    if (answer.status === 410) {
      this.#end('expired', answer);
      return;
    }
    const { reason, kind } = judgeRefusal(answer, error, this.#readyAtMs);
    this.#around.tally.refused(reason, kind);
    if (error.code !== 'NOT_READY') {
      this.#failed('thinking', answer);
      return;
    }
    this.#retry.succeeded();
    this.#waitFor(error.retryAfterMs ?? answer.retryAfterMs ?? pollAfterSecMin * 1000);
  }

  #leave(): void {
    this.#state = 'leaving';
    this.#race(1, leaveRequest(this.#plan, this.#token), ([answer]) => {
      if (answer?.status === 200) this.#end('left');
      else if (answer !== undefined) this.#failed('waiting', answer);
    });
  }

  /** Sends copies at once, each to the next gateway where there are several, and goes on with all answers in order. */
  #race(copies: number, request: Outgoing, done: (answers: readonly Answer[]) => void): void {
    const answers: Answer[] = [];
    for (let copy = 0; copy < copies; copy += 1) {
      this.#around.wire.send(this.#target + copy, request, (answer) => {
        this.#around.tally.answered(request.call, answer);
        answers.push(answer);
        if (answers.length === copies) done(answers);
      });
    }
  }

  /** A request about the own place failed: what cannot be mended ends the visit, the rest is tried again. */
  #failed(from: VisitorState, answer: Answer): void {
    this.#noteError(answer);
    if (answer.status === 404) this.#end('lost');
    else if (answer.status === 410) this.#end('expired');
    else this.#again(from, [answer], 'refused');
  }

  /** Goes back to `to` and waits, if trying again can help; else ends. */
  #again(to: VisitorState, answers: readonly Answer[], otherwise: Outcome): void {
    if (!answers.some(isWorthRetrying)) {
      this.#end(otherwise);
      return;
    }
    if (answers.some(({ failure }) => failure !== undefined)) this.#target += 1;
    const nowMs = performance.now();
    const toldMs = Math.max(...answers.map(({ retryAfterMs }) => retryAfterMs ?? 0));
    const waitMs = this.#retry.failed(nowMs, toldMs);
    if (waitMs === undefined) {
      this.#end('gaveUp');
      return;
    }
    this.#around.tally.retries += 1;
    this.#state = to;
    this.#around.agenda.add(nowMs + waitMs, this);
  }

  #noteError(answer: Answer): void {
    if (answer.failure !== undefined) return;
    const fallback = answer.status < 400 ? 'BAD_ANSWER' : `HTTP_${answer.status}`;
    this.#around.tally.error(readError(answer.body).code ?? fallback);
  }

  #waitFor(waitMs: number): void {
    this.#state = 'waiting';
    const pollAtMs = performance.now() + waitMs;
    this.#around.agenda.add(Math.min(pollAtMs, this.#leaveAtMs), this);
  }

  #end(outcome: Outcome, answer?: Answer): void {
    if (answer !== undefined) this.#noteError(answer);
    this.#around.tally.outcomes[outcome] += 1;
    this.#gone(outcome);
  }

  #gone(outcome: Outcome): void {
    this.#state = 'ended';
    this.#around.tally.ended += 1;
    this.#around.onEnded(outcome);
  }
}
