/** What the payment routes do, free of sockets. */
import { refuse } from '../../contract/errors.ts';
import { paymentCallMs as callMs } from '../../contract/limits.ts';
import { intentBodySchema, processBodySchema } from '../../contract/reservations.ts';
import { isRefusal, signedIn } from '../auth/authenticator.ts';
import { type Answer, outcomeAnswer, refusalAnswer } from '../http/answer.ts';
import { parseBody } from '../http/body.ts';
import { callContextOf } from '../http/call-context.ts';
import type { BodyRequest } from '../operations.ts';
import {
  change,
  type IdRequest,
  isBackendId,
  keyOf,
  type RequestServices,
  requiredKeyOf,
  userOf,
  userOfCaller,
} from './asking.ts';
import { scopeOfUser } from './passes.ts';

/** Each gives the whole answer, refusals included; what they throw is a bug, or a TacosError. */
export class PaymentOperations {
  private readonly services: RequestServices;

  constructor(services: RequestServices) {
    this.services = services;
  }

  async createIntent({ headers, body, traceId }: BodyRequest): Promise<Answer> {
    // Nobody is refused before it is told what is wrong with the body.
    const caller = await signedIn(this.services.authenticate, headers);
    if (isRefusal(caller)) return refusalAnswer(caller, traceId);
    const parsed = parseBody(headers, body, intentBodySchema);
    if (!parsed.ok) return refusalAnswer(parsed, traceId);
    const found = requiredKeyOf(headers);
    if (!found.ok) return refusalAnswer(found, traceId);
    const user = await userOfCaller(this.services, caller, parsed.value.reservation_id);
    if (!user.ok) return refusalAnswer(user, traceId);
    const { userId, isNamed } = user;
    const asked = { ...parsed.value, userId };
    const context = callContextOf(headers, traceId);
    return this.services.once({
      scope: scopeOfUser(userId),
      key: found.key,
      asks: ['intent', asked],
      callMs,
      status: 201,
      traceId,
      call: async () => {
        const outcome = await this.services.backends.payment.createIntent(
          { ...asked, idempotencyKey: found.key },
          context,
        );
        if (outcome.ok && !isNamed) await this.services.owners.note(outcome.reply.payment_intent_id, userId);
        return outcome;
      },
    });
  }

  async status({ id, headers, traceId }: IdRequest): Promise<Answer> {
    const user = await userOf(this.services, headers, id);
    if (!user.ok) return refusalAnswer(user, traceId);
    if (!isBackendId(id)) return refusalAnswer(refuse('PAYMENT_NOT_FOUND'), traceId);
    const request = { paymentIntentId: id, userId: user.userId };
    return outcomeAnswer(
      200,
      await this.services.backends.payment.status(request, callContextOf(headers, traceId)),
      traceId,
    );
  }

  /** Ends a simulated payment. */
  async process({ headers, body, traceId }: BodyRequest): Promise<Answer> {
    // Nobody is refused before it is told what is wrong with the body.
    const caller = await signedIn(this.services.authenticate, headers);
    if (isRefusal(caller)) return refusalAnswer(caller, traceId);
    const parsed = parseBody(headers, body, processBodySchema);
    if (!parsed.ok) return refusalAnswer(parsed, traceId);
    const found = keyOf(headers);
    if (!found.ok) return refusalAnswer(found, traceId);
    const paymentIntentId = parsed.value.payment_intent_id;
    const user = await userOfCaller(this.services, caller, paymentIntentId);
    if (!user.ok) return refusalAnswer(user, traceId);
    const { userId } = user;
    const context = callContextOf(headers, traceId);
    // The call itself does not say who asks, so the service is asked first whether the payment is theirs.
    const theirs = await this.services.backends.payment.status({ paymentIntentId, userId }, context);
    if (!theirs.ok) return refusalAnswer(theirs, traceId);
    return change(this.services.once, {
      userId,
      key: found.key,
      asks: ['process', paymentIntentId],
      callMs,
      traceId,
      call: (idempotencyKey) =>
        this.services.backends.payment.process({ paymentIntentId, idempotencyKey }, context),
    });
  }
}
