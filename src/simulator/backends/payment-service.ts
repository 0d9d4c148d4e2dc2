/** PaymentService: payments whose end is chosen by their scenario. No card is ever asked for or kept. */
import { randomUUID } from 'node:crypto';
import type { CancelPaymentRequest__Output } from '../../../generated/proto/payment/v1/CancelPaymentRequest.ts';
import type { CancelPaymentResponse } from '../../../generated/proto/payment/v1/CancelPaymentResponse.ts';
import type { CreatePaymentIntentRequest__Output } from '../../../generated/proto/payment/v1/CreatePaymentIntentRequest.ts';
import type { CreatePaymentIntentResponse } from '../../../generated/proto/payment/v1/CreatePaymentIntentResponse.ts';
import type { ListPaymentsRequest__Output } from '../../../generated/proto/payment/v1/ListPaymentsRequest.ts';
import type { ListPaymentsResponse } from '../../../generated/proto/payment/v1/ListPaymentsResponse.ts';
import type { Payment as WirePayment } from '../../../generated/proto/payment/v1/Payment.ts';
import type { PaymentResult } from '../../../generated/proto/payment/v1/PaymentResult.ts';
import type { PaymentServiceHandlers } from '../../../generated/proto/payment/v1/PaymentService.ts';
import type { PaymentStatus__Output } from '../../../generated/proto/payment/v1/PaymentStatus.ts';
import type { ProcessPaymentResponse } from '../../../generated/proto/payment/v1/ProcessPaymentResponse.ts';
import type { SimulateWebhookRequest__Output } from '../../../generated/proto/payment/v1/SimulateWebhookRequest.ts';
import type { SimulateWebhookResponse } from '../../../generated/proto/payment/v1/SimulateWebhookResponse.ts';
import type { AnswersKept } from './answers-kept.ts';
import { pageOf } from './paging.ts';
import type { Payment, PaymentState, Payments, Scenario } from './payments.ts';
import { invalid, Problem } from './problem.ts';
import type { CallFacts, Methods } from './serving.ts';
import type { Webhooks } from './webhooks.ts';
import { timestampOf } from './wire-time.ts';

export interface PaymentOptions {
  readonly payments: Payments;
  readonly webhooks: Webhooks;
  readonly answers: AnswersKept;
  readonly nowMs: () => number;
}

/** A caller of scenario timeout is kept waiting at most so long, ms. */
const silenceMs = 60_000;
const webhookDelaySecMax = 60;

/** The methods over these payments. */
export function paymentMethods(options: PaymentOptions): Methods<PaymentServiceHandlers> {
  const { payments, answers } = options;
  return {
    CreatePaymentIntent: async (request, facts) => {
      const scope = { method: 'CreatePaymentIntent', owner: request.userId, key: request.idempotencyKey };
      const reply = await answers.once(scope, request, async () => create(options, request));
      if (request.scenario === 'PAYMENT_SCENARIO_TIMEOUT') await silence(facts);
      return reply;
    },
    ProcessPayment: async ({ paymentIntentId, idempotencyKey }, facts) => {
      const scope = { method: 'ProcessPayment', owner: paymentIntentId, key: idempotencyKey };
      if (payments.of(paymentIntentId).scenario === 'TIMEOUT') await silence(facts);
      return answers.once(scope, { paymentIntentId }, async () => process(options, paymentIntentId));
    },
    GetPaymentStatus: ({ paymentIntentId, userId }) => {
      const payment = payments.of(paymentIntentId);
      if (userId !== '' && userId !== payment.userId) {
        throw new Problem('FORBIDDEN', 'this payment is of another user');
      }
      return { payment: wirePayment(payments, payment) };
    },
    CancelPayment: (request) => {
      const { paymentIntentId, idempotencyKey } = request;
      const scope = { method: 'CancelPayment', owner: paymentIntentId, key: idempotencyKey };
      return answers.once(scope, request, async () => cancel(options, request));
    },
    ListPayments: (request) => list(payments, request),
    SimulateWebhook: (request) => simulateWebhook(options, request),
  };
}

function create(
  { payments, webhooks, nowMs }: PaymentOptions,
  request: CreatePaymentIntentRequest__Output,
): CreatePaymentIntentResponse {
  const { reservationId, userId, webhookUrl } = request;
  const amount = request.amount;
  if (reservationId === '') throw invalid('reservation_id', 'is needed');
  if (userId === '') throw invalid('user_id', 'is needed');
  if (amount === null || !(amount.amount > 0)) throw invalid('amount', 'more than 0');
  if (!/^[A-Z]{3}$/.test(amount.currency)) throw invalid('amount.currency', 'three capital letters');
  webhooks.check(webhookUrl);
  const scenario = scenarioOf(request);
  const payment = payments.make({ reservationId, userId, amount, scenario, webhookUrl });
  if (webhookUrl !== '' && scenario !== 'TIMEOUT') tell(payment, payment.endsAtMs - nowMs());
  return {
    paymentIntentId: payment.intentId,
    status: 'PAYMENT_STATUS_PENDING',
    clientSecret: `${payment.intentId}_secret_${randomUUID()}`,
    expiresAt: timestampOf(payment.expiresAtMs),
  };

  /** Who ended it before that time has told it. */
  function tell({ intentId }: Payment, afterMs: number): void {
    webhooks.send(webhookUrl, afterMs, () => {
      const ended = payments.of(intentId);
      return ended.forced ? undefined : webhookBody(payments, ended);
    });
  }
}

function scenarioOf({ scenario }: CreatePaymentIntentRequest__Output): Scenario {
  if (scenario === 'PAYMENT_SCENARIO_UNSPECIFIED') return 'APPROVE';
  return scenario.slice('PAYMENT_SCENARIO_'.length) as Scenario;
}

/** Ends it now, as its scenario says; again tells how it ended. */
function process(options: PaymentOptions, intentId: string): ProcessPaymentResponse {
  const { payments } = options;
  const before = payments.of(intentId);
  const endsAs = before.endsAs === 'EXPIRED' ? 'FAILED' : before.endsAs;
  const payment = payments.now(before).isOver ? before : end(options, before, endsAs);
  const { state, sinceMs } = payments.now(payment);
  return {
    paymentId: payment.paymentId,
    status: wireStatus(state),
    processedAt: timestampOf(sinceMs),
    transactionId: transactionOf(payment, state),
    result: resultOf(state, sinceMs),
  };
}

function cancel(
  options: PaymentOptions,
  { paymentIntentId, refundAmount }: CancelPaymentRequest__Output,
): CancelPaymentResponse {
  const { payments } = options;
  const before = payments.of(paymentIntentId);
  const { state, isOver } = payments.now(before);
  if (isOver && state !== 'COMPLETED') {
    throw new Problem('FAILED_PRECONDITION', `this payment is ${state} already`);
  }
  const isRefund = state === 'COMPLETED';
  const refunded = refundAmount && refundAmount.amount > 0 ? refundAmount : before.amount;
  const isPossible = refunded.currency === before.amount.currency && refunded.amount <= before.amount.amount;
  if (isRefund && !isPossible) throw invalid('refund_amount', 'more than was paid');
  const ended = end(options, before, isRefund ? 'REFUNDED' : 'CANCELLED');
  return {
    status: wireStatus(isRefund ? 'REFUNDED' : 'CANCELLED'),
    cancelledAt: timestampOf(payments.now(ended).sinceMs),
    ...(isRefund ? { refundedAmount: refunded, refundId: `ref_${randomUUID()}` } : {}),
  };
}

function list(
  payments: Payments,
  { userId, status, reservationId, pagination }: ListPaymentsRequest__Output,
): ListPaymentsResponse {
  if (userId === '' && reservationId === '') throw invalid('user_id', 'this or reservation_id is needed');
  const asked = payments
    .all()
    .filter((payment) => userId === '' || payment.userId === userId)
    .filter((payment) => reservationId === '' || payment.reservationId === reservationId)
    .map((payment) => wirePayment(payments, payment))
    .filter((payment) => status === 'PAYMENT_STATUS_UNSPECIFIED' || payment.status === status);
  const { items, pageInfo } = pageOf(asked, pagination);
  return { payments: [...items], pageInfo };
}

function simulateWebhook(
  options: PaymentOptions,
  { paymentIntentId, targetStatus, delaySeconds, forceTrigger }: SimulateWebhookRequest__Output,
): SimulateWebhookResponse {
  const { payments, webhooks, nowMs } = options;
  const payment = payments.of(paymentIntentId);
  if (delaySeconds < 0 || delaySeconds > webhookDelaySecMax) {
    throw invalid('delay_seconds', `0 to ${webhookDelaySecMax}`);
  }
  const target = targetStatus.slice('PAYMENT_STATUS_'.length) as PaymentState | 'UNSPECIFIED';
  const { state, isOver } = payments.now(payment);
  const isChange = target !== 'UNSPECIFIED' && target !== state;
  if (isChange && isOver && !forceTrigger) {
    throw new Problem('FAILED_PRECONDITION', `this payment is ${state} already; force_trigger changes it`);
  }
  if (isChange) payments.force(payment, target);
  const scheduledAt = timestampOf(nowMs() + delaySeconds * 1000);
  if (payment.webhookUrl === '') return { webhookSent: false, scheduledAt };
  const webhookId = webhooks.send(payment.webhookUrl, delaySeconds * 1000, () =>
    webhookBody(payments, payments.of(paymentIntentId)),
  );
  return { webhookSent: true, webhookId, scheduledAt };
}

function end({ payments, webhooks }: PaymentOptions, payment: Payment, state: PaymentState): Payment {
  const ended = payments.force(payment, state);
  if (payment.webhookUrl !== '') webhooks.send(payment.webhookUrl, 0, () => webhookBody(payments, ended));
  return ended;
}

function webhookBody(payments: Payments, payment: Payment): object {
  const { state, sinceMs } = payments.now(payment);
  return {
    type: `payment.${state.toLowerCase()}`,
    payment_intent_id: payment.intentId,
    payment_id: payment.paymentId,
    reservation_id: payment.reservationId,
    user_id: payment.userId,
    status: state,
    amount: payment.amount.amount,
    currency: payment.amount.currency,
    occurred_at: new Date(sinceMs).toISOString(),
  };
}

function wirePayment(payments: Payments, payment: Payment): WirePayment {
  const { state, sinceMs } = payments.now(payment);
  const isProcessed = state === 'COMPLETED' || state === 'FAILED' || state === 'REFUNDED';
  return {
    paymentIntentId: payment.intentId,
    paymentId: payment.paymentId,
    reservationId: payment.reservationId,
    userId: payment.userId,
    status: wireStatus(state),
    amount: payment.amount,
    createdAt: timestampOf(payment.createdAtMs),
    updatedAt: timestampOf(sinceMs),
    metadata: { scenario: `PAYMENT_SCENARIO_${payment.scenario}` },
    ...(isProcessed
      ? {
          processedAt: timestampOf(sinceMs),
          transactionId: transactionOf(payment, state),
          result: resultOf(state, sinceMs),
        }
      : {}),
  };
}

/** Answers nothing until the caller has gone. */
function silence({ signal }: CallFacts): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, silenceMs);
    timer.unref();
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

const resultOf = (state: PaymentState, atMs: number): PaymentResult => ({
  success: state === 'COMPLETED' || state === 'REFUNDED',
  failureReason: state === 'FAILED' ? 'declined by the simulated card company' : '',
  gatewayResponse: state === 'FAILED' ? 'DECLINED' : 'APPROVED',
  responseCode: state === 'FAILED' ? 402 : 200,
  processedAt: timestampOf(atMs),
});
const transactionOf = ({ paymentId }: Payment, state: PaymentState): string =>
  state === 'COMPLETED' || state === 'REFUNDED' ? `txn_${paymentId.slice(4)}` : '';
const wireStatus = (state: PaymentState): PaymentStatus__Output => `PAYMENT_STATUS_${state}`;
