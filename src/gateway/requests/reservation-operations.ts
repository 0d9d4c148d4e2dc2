/** What the reservation routes do, free of sockets. */
import { type Refusal, refuse } from '../../contract/errors.ts';
import { reservationCallMs as callMs } from '../../contract/limits.ts';
import { cancelBodySchema, confirmBodySchema, reserveBodySchema } from '../../contract/reservations.ts';
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
} from './asking.ts';
import { checkPass } from './passes.ts';

/** Each gives the whole answer, refusals included; what they throw is a bug, or a TacosError. */
export class ReservationOperations {
  private readonly services: RequestServices;

  constructor(services: RequestServices) {
    this.services = services;
  }

  async reserve({ headers, body, traceId }: BodyRequest): Promise<Answer> {
    const { authenticate, backends, once, owners, passes } = this.services;
    const caller = await signedIn(authenticate, headers);
    if (isRefusal(caller)) return refusalAnswer(caller, traceId);
    const parsed = parseBody(headers, body, reserveBodySchema);
    if (!parsed.ok) return refusalAnswer(parsed, traceId);
    const found = requiredKeyOf(headers);
    if (!found.ok) return refusalAnswer(found, traceId);
    const { event_id: eventId, seat_ids: seatIds, reservation_token: reservationToken } = parsed.value;
    const pass = await checkPass(passes, { token: reservationToken, eventId, caller });
    if (!pass.ok) return refusalAnswer(pass, traceId);
    const { userId, scope, id, isOver } = pass;
    const quantity = parsed.value.quantity ?? seatIds.length;
    const asked = { eventId, seatIds, quantity, userId, reservationToken };
    const context = callContextOf(headers, traceId);
    return once({
      scope,
      key: found.key,
      asks: ['reserve', asked],
      pass: { id, isOver },
      callMs,
      status: 201,
      traceId,
      call: async () => {
        const outcome = await backends.reservation.reserve({ ...asked, idempotencyKey: found.key }, context);
        if (outcome.ok && caller.subject === undefined)
          await owners.note(outcome.reply.reservation_id, userId);
        return outcome;
      },
    });
  }

  async get({ id, headers, traceId }: IdRequest): Promise<Answer> {
    const user = await this.userFor(id, headers);
    if (!user.ok) return refusalAnswer(user, traceId);
    const request = { reservationId: id, userId: user.userId };
    return outcomeAnswer(
      200,
      await this.services.backends.reservation.get(request, callContextOf(headers, traceId)),
      traceId,
    );
  }

  async confirm({ id, headers, body, traceId }: IdRequest & BodyRequest): Promise<Answer> {
    const user = await this.userFor(id, headers);
    if (!user.ok) return refusalAnswer(user, traceId);
    const parsed = parseBody(headers, body, confirmBodySchema);
    if (!parsed.ok) return refusalAnswer(parsed, traceId);
    const found = keyOf(headers);
    if (!found.ok) return refusalAnswer(found, traceId);
    const asked = {
      reservationId: id,
      paymentIntentId: parsed.value.payment_intent_id,
      userId: user.userId,
    };
    const context = callContextOf(headers, traceId);
    return change(this.services.once, {
      userId: user.userId,
      key: found.key,
      // A second try with another payment is another request.
      asks: ['confirm', asked],
      callMs,
      traceId,
      call: (idempotencyKey) =>
        this.services.backends.reservation.confirm({ ...asked, idempotencyKey }, context),
    });
  }

  async cancel({ id, headers, body, traceId }: IdRequest & BodyRequest): Promise<Answer> {
    const user = await this.userFor(id, headers);
    if (!user.ok) return refusalAnswer(user, traceId);
    const parsed =
      body.length === 0 ? { ok: true as const, value: {} } : parseBody(headers, body, cancelBodySchema);
    if (!parsed.ok) return refusalAnswer(parsed, traceId);
    const found = keyOf(headers);
    if (!found.ok) return refusalAnswer(found, traceId);
    const { reason = '' }: { reason?: string | undefined } = parsed.value;
    const asked = { reservationId: id, userId: user.userId };
    const context = callContextOf(headers, traceId);
    return change(this.services.once, {
      userId: user.userId,
      key: found.key,
      // Without a key of one's own the reason does not make it another cancellation.
      asks: found.key === undefined ? ['cancel', asked] : ['cancel', asked, reason],
      callMs,
      traceId,
      call: (idempotencyKey) =>
        this.services.backends.reservation.cancel({ ...asked, reason, idempotencyKey }, context),
    });
  }

  private async userFor(
    id: string,
    headers: IdRequest['headers'],
  ): Promise<Extract<Awaited<ReturnType<typeof userOf>>, { ok: true }> | Refusal> {
    const user = await userOf(this.services, headers, id);
    if (user.ok && !isBackendId(id)) return refuse('RESERVATION_NOT_FOUND');
    return user;
  }
}
