/**
 * One call of a backend from end to end: held back while the breaker is open or too many are under way, ended at its
 * deadline whatever the connection does, sent once more where that is safe, judged, counted and logged.
 */
import {
  type CallOptions,
  type Client,
  type ClientUnaryCall,
  status as grpcStatus,
  Metadata,
  type requestCallback,
} from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { Error__Output } from '../../../generated/proto/common/v1/Error.ts';
import { backendInFlightMax } from '../../contract/limits.ts';
import type { BackendMeter, Meters } from '../metrics/meters.ts';
import { BrokenAnswer } from './answers.ts';
import type { BackendName, BackendOutcome, BreakerState, CallContext } from './backends.ts';
import { type Breaker, createBreaker } from './breaker.ts';
import { CallLog } from './call-log.ts';
import { BackendChannel, type ChannelPlan } from './channel.ts';
import { brokenAnswer, notReachable, type Verdict, verdictOfCode, verdictOfStatus } from './refusals.ts';
import { RetryBudget } from './retry-budget.ts';

/** grpc-js ends a call at its deadline by the wall clock; should that be set, our own timer does it this much later, ms. */
const lateMs = 20;
/** Mean pause before the one retry, ms; the real one is half to one and a half of it. */
const retryPauseMs = 20;
/** With less time left than this after the pause, a retry could only time out, ms. */
const retryLeftMs = 50;

const traceparentForm = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;
const xrayForm = /^[\x21-\x7e]{1,256}$/;
const stateForm = /^[\x20-\x7e]{1,512}$/;

/** What all answers have. */
interface Answer {
  readonly error: Error__Output | null;
}

/** One method of a backend: how it is sent and read. */
export interface BackendCall<C extends Client, A extends Answer, R> {
  /** Its name in the .proto file. */
  readonly method: string;
  /** Twice is the same as once: it only reads, or carries an idempotency key. */
  readonly isRepeatable: boolean;
  /** What it carries that no log may show. */
  readonly secrets?: readonly string[];
  readonly send: (
    client: C,
    metadata: Metadata,
    options: CallOptions,
    done: requestCallback<A>,
  ) => ClientUnaryCall;
  /** The reply, or what an answer without an error says "no" by. @throws BrokenAnswer */
  readonly read: (answer: A) => BackendOutcome<R>;
}

export interface CallerOptions<C extends Client> extends ChannelPlan<C> {
  readonly backend: BackendName;
  /** Of a call, its retry included, ms. */
  readonly deadlineMs: number;
  readonly meters: Meters;
  readonly log: Logger;
}

type Failure = { readonly code: number; readonly details: string };
type Attempt<A> = { readonly answer: A } | { readonly failure: Failure };
interface Judgement<R> {
  readonly outcome: BackendOutcome<R>;
  readonly isFailure: boolean;
  /** What counters and logs call it. */
  readonly name: string;
}

/** All calls of one backend in this process. */
export class BackendCaller<C extends Client> {
  readonly #options: CallerOptions<C>;
  readonly #channel: BackendChannel<C>;
  readonly #breaker: Breaker;
  readonly #budget = new RetryBudget();
  readonly #log: CallLog;
  #underWay = 0;
  #isClosed = false;

  /** Connects to nothing yet. @throws BackendFileError when a certificate's file cannot be used */
  constructor(options: CallerOptions<C>) {
    this.#options = options;
    this.#channel = new BackendChannel(options);
    this.#log = new CallLog(options.backend, options.log);
    this.#breaker = createBreaker((state) => this.#breakerIs(state));
  }

  get breakerState(): BreakerState {
    return this.#breaker.state;
  }

  /** Later calls are refused; those under way end by themselves. */
  close(): void {
    this.#isClosed = true;
    this.#channel.close();
  }

  /** Makes a call; it has ended `deadlineMs` later, give or take what the event loop is late. */
  async call<A extends Answer, R>(
    plan: BackendCall<C, A, R>,
    context: CallContext,
  ): Promise<BackendOutcome<R>> {
    const { meters, backend } = this.#options;
    const meter = meters.backend(backend, plan.method);
    if (this.#isClosed || this.#underWay >= backendInFlightMax) {
      meter.record(outcomeName(notReachable), undefined);
      return notReachable;
    }
    this.#underWay += 1;
    try {
      const judged = await this.#breaker.run(() => this.#measured(plan, context, meter));
      if (judged !== undefined) return judged.outcome;
      meter.record('breaker_open', undefined);
      return notReachable;
    } finally {
      this.#underWay -= 1;
    }
  }

  async #measured<A extends Answer, R>(
    plan: BackendCall<C, A, R>,
    context: CallContext,
    meter: BackendMeter,
  ): Promise<Judgement<R>> {
    const startedMs = performance.now();
    const attempt = await this.#attempts(plan, context, startedMs + this.#options.deadlineMs);
    const judged = this.#judge(plan, context, attempt);
    meter.record(judged.name, performance.now() - startedMs);
    return judged;
  }

  async #attempts<A extends Answer, R>(
    plan: BackendCall<C, A, R>,
    context: CallContext,
    endMs: number,
  ): Promise<Attempt<A>> {
    this.#budget.earn();
    // Asked before the call: its failure may open the breaker, its success close it.
    const isTrial = this.#breaker.state !== 'closed';
    const first = await this.#attempt(plan, context, endMs);
    const isUnavailable = 'failure' in first && first.failure.code === grpcStatus.UNAVAILABLE;
    if (!isUnavailable || !plan.isRepeatable || isTrial) return first;
    const pauseMs = retryPauseMs * (0.5 + Math.random());
    if (endMs - performance.now() < pauseMs + retryLeftMs || !this.#budget.spend()) return first;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    return this.#isClosed ? first : this.#attempt(plan, context, endMs);
  }

  #attempt<A extends Answer, R>(
    { send }: BackendCall<C, A, R>,
    context: CallContext,
    endMs: number,
  ): Promise<Attempt<A>> {
    return new Promise((resolve) => {
      const leftMs = Math.max(0, endMs - performance.now());
      const timer = setTimeout(() => {
        resolve({ failure: { code: grpcStatus.DEADLINE_EXCEEDED, details: 'ended by the gateway' } });
        call.cancel();
      }, leftMs + lateMs);
      const options = { deadline: Date.now() + leftMs };
      const call = send(this.#channel.client, metadataOf(context), options, (error, answer) => {
        clearTimeout(timer);
        if (error) resolve({ failure: error });
        else if (answer) resolve({ answer });
        else resolve({ failure: { code: grpcStatus.INTERNAL, details: 'no answer' } });
      });
    });
  }

  #judge<A extends Answer, R>(
    plan: BackendCall<C, A, R>,
    context: CallContext,
    attempt: Attempt<A>,
  ): Judgement<R> {
    const { backend } = this.#options;
    const refused = (verdict: Verdict, by: string, text: string): Judgement<R> => {
      const { method, secrets = [] } = plan;
      const { refusal, isFailure, counted: name = outcomeName(refusal) } = verdict;
      const { traceparent } = context;
      this.#log.note({ method, outcome: name, by, text, secrets, isFailure, traceparent });
      return { outcome: refusal, isFailure, name };
    };
    if ('failure' in attempt) {
      const { code, details } = attempt.failure;
      return refused(verdictOfStatus(backend, code), grpcStatus[code] ?? String(code), details);
    }
    const { answer } = attempt;
    const { error } = answer;
    // An error without code and words is what some services put beside a success.
    if (error && (error.code !== 'ERROR_CODE_UNSPECIFIED' || error.message !== ''))
      return refused(verdictOfCode(backend, error.code), String(error.code), error.message);
    try {
      return { outcome: plan.read(answer), isFailure: false, name: 'ok' };
    } catch (broken) {
      if (broken instanceof BrokenAnswer) return refused(brokenAnswer, 'broken answer', broken.message);
      throw broken;
    }
  }

  #breakerIs(state: BreakerState): void {
    this.#log.breaker(state);
    if (state !== 'open' || this.#isClosed) return;
    // The trial call shall not go where the others got stuck.
    const problem = this.#channel.renew();
    if (problem) this.#log.files(problem);
  }
}

const outcomeName = (outcome: BackendOutcome<unknown>): string =>
  outcome.ok ? 'ok' : outcome.code.toLowerCase();

/** Of a visitor's request nothing is passed on but what its trace goes on by. */
function metadataOf({ traceparent, tracestate, xrayTraceId }: CallContext): Metadata {
  const metadata = new Metadata();
  if (traceparentForm.test(traceparent)) metadata.set('traceparent', traceparent);
  if (tracestate !== undefined && stateForm.test(tracestate)) metadata.set('tracestate', tracestate);
  if (xrayTraceId !== undefined && xrayForm.test(xrayTraceId)) metadata.set('x-amzn-trace-id', xrayTraceId);
  return metadata;
}
