/**
 * The same visitors over QueueService: requests are translated into calls, and what comes back into the answers of HTTP,
 * so that a visitor needs not know which wire they came by. What gRPC does not tell (notices, phase, confidence) is
 * missing; reservations and payment are not there.
 */
import {
  type ClientUnaryCall,
  credentials,
  type Deadline,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { Error__Output } from '../../generated/proto/common/v1/Error.ts';
import type { GetQueueStatusResponse__Output } from '../../generated/proto/gateway/v1/GetQueueStatusResponse.ts';
import type { JoinQueueResponse__Output } from '../../generated/proto/gateway/v1/JoinQueueResponse.ts';
import type { LeaveQueueResponse__Output } from '../../generated/proto/gateway/v1/LeaveQueueResponse.ts';
import type { QueueServiceClient } from '../../generated/proto/gateway/v1/QueueService.ts';
import type { RequestAdmissionResponse__Output } from '../../generated/proto/gateway/v1/RequestAdmissionResponse.ts';
import { errorCatalogue } from '../contract/errors.ts';
import { pollAfterSecMin } from '../contract/limits.ts';
import type { JoinBody } from '../contract/visitor-api.ts';
import { protos } from '../grpc/protos.ts';
import type { AnyWire, Call, OnAnswer, Outgoing, WireOptions } from './wire.ts';

/** gRPC sends many calls over one connection: so many are enough for all workers of a gateway to get some. */
const channelsMax = 16;

/** An answer in the words of HTTP. */
interface Told {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export class GrpcWire implements AnyWire {
  /** By gateway. */
  readonly #clients: readonly (readonly QueueServiceClient[])[];
  readonly #requestMs: number;
  #next = 0;
  #inFlight = 0;

  constructor({ gateways, connections, requestMs }: WireOptions) {
    const { QueueService } = protos().gateway;
    this.#requestMs = requestMs;
    const count = Math.min(connections, channelsMax);
    this.#clients = gateways.map((origin) =>
      Array.from(
        { length: count },
        () =>
          new QueueService(origin.replace(/^grpc:\/\//, ''), credentials.createInsecure(), {
            // Channels to one address would share one connection otherwise.
            'grpc.use_local_subchannel_pool': 1,
          }),
      ),
    );
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  send(target: number, outgoing: Outgoing, onAnswer: OnAnswer): void {
    const clients = this.#clients[target % this.#clients.length] ?? [];
    this.#next += 1;
    const client = clients[this.#next % clients.length];
    const ask = asks[outgoing.call];
    const askedAtMs = performance.now();
    const finish = (told: Told | undefined, retryAfterSec?: string, failure?: string): void => {
      this.#inFlight -= 1;
      onAnswer({
        status: told?.status ?? 0,
        body: told === undefined ? '' : JSON.stringify(told.body),
        retryAfterMs: retryAfterSec === undefined ? undefined : Number(retryAfterSec) * 1000,
        failure,
        askedAtMs,
        sentAtMs: askedAtMs,
        answeredAtMs: performance.now(),
      });
    };
    this.#inFlight += 1;
    if (client === undefined || ask === undefined) {
      finish(undefined, undefined, 'NOT_OVER_GRPC');
      return;
    }
    let told: Told | undefined;
    const deadline = Date.now() + this.#requestMs;
    ask(client, { outgoing, metadata: metadataOf(outgoing.headers), deadline }, (answer) => {
      told = answer;
    }).on('status', ({ code, metadata }) => {
      const text = (name: string): string | undefined => metadata.get(name)[0]?.toString();
      // The callback may come a moment after the status.
      setImmediate(() => {
        if (code === status.OK) {
          const pollAfterSec = Number(text('poll-after-sec') ?? pollAfterSecMin);
          finish(told && { ...told, body: { ...told.body, poll_after_sec: pollAfterSec } });
        } else if (text('error-code') === undefined) finish(undefined, undefined, status[code]);
        else finish(refusal(text('error-code') ?? ''), text('retry-after'));
      });
    });
  }

  async destroy(): Promise<void> {
    for (const client of this.#clients.flat()) client.close();
  }
}

interface Asking {
  readonly outgoing: Outgoing;
  readonly metadata: Metadata;
  readonly deadline: Deadline;
}

type Ask = (client: QueueServiceClient, asking: Asking, told: (answer: Told) => void) => ClientUnaryCall;

/** A callback that takes what is an answer, and leaves the rest to the call's status. */
const answered =
  <Response>(told: (answer: Told) => void, translate: (response: Response) => Told) =>
  (_error: ServiceError | null, response?: Response): void => {
    if (response !== undefined) told(translate(response));
  };

const asks: Readonly<Partial<Record<Call, Ask>>> = {
  join: (client, { outgoing, metadata, deadline }, told) => {
    const { event_id: eventId, proof } = JSON.parse(outgoing.body ?? '{}') as JoinBody;
    return client.joinQueue(
      { eventId, ...(proof ? { proof } : {}) },
      metadata,
      { deadline },
      answered(told, joined),
    );
  },
  status: (client, { outgoing, metadata, deadline }, told) =>
    client.getQueueStatus(
      { waitingToken: tokenOf(outgoing) },
      metadata,
      { deadline },
      answered(told, stands),
    ),
  enter: (client, { outgoing, metadata, deadline }, told) => {
    const { waiting_token: waitingToken } = JSON.parse(outgoing.body ?? '{}') as { waiting_token: string };
    return client.requestAdmission({ waitingToken }, metadata, { deadline }, answered(told, entered));
  },
  leave: (client, { outgoing, metadata, deadline }, told) =>
    client.leaveQueue({ waitingToken: tokenOf(outgoing) }, metadata, { deadline }, answered(told, left)),
};

function joined({ waitingToken, positionHint, etaSeconds, error }: JoinQueueResponse__Output): Told {
  if (error) return refused(error, waitingToken === '' ? {} : { waiting_token: waitingToken });
  const place = { waiting_token: waitingToken, reference: '', position_hint: positionHint };
  return { status: 202, body: { ...place, status: 'waiting', eta_sec: etaSeconds } };
}

const statuses: Readonly<Record<string, string>> = {
  QUEUE_STATUS_WAITING: 'waiting',
  QUEUE_STATUS_READY: 'ready',
  QUEUE_STATUS_LEFT: 'left',
  QUEUE_STATUS_EXPIRED: 'expired',
};

function stands(answer: GetQueueStatusResponse__Output): Told {
  const { error, position, etaSeconds, admissionReady } = answer;
  const isEntered = error !== null && answer.status === 'QUEUE_STATUS_EXPIRED';
  if (error && !isEntered) return refused(error);
  const place = { position, eta_sec: etaSeconds, confidence: 0, ready_for_entry: admissionReady };
  return { status: 200, body: { ...place, status: isEntered ? 'entered' : statuses[answer.status] } };
}

function entered({ reservationToken, ttlSeconds, error }: RequestAdmissionResponse__Output): Told {
  if (error) return refused(error);
  const pass = { admission: 'granted', reservation_token: reservationToken, ttl_sec: ttlSeconds };
  return { status: 200, body: pass };
}

const left = ({ error }: LeaveQueueResponse__Output): Told =>
  error ? refused(error) : { status: 200, body: { status: 'left' } };

/** An error of an answer: its details name our own code, the reason, the time to wait and the proof that is asked for. */
function refused({ details, message }: Error__Output, more: Record<string, unknown> = {}): Told {
  const told = Object.fromEntries(details.map(({ reason, value }) => [reason, value]));
  const { code = 'INTERNAL', reason, retry_after_sec, challenge_seed: seed } = told;
  const { challenge_difficulty, challenge_expires_in_sec } = told;
  const asked = {
    seed,
    difficulty: Number(challenge_difficulty),
    expires_in_sec: Number(challenge_expires_in_sec),
  };
  const work = seed === undefined ? {} : { challenge: asked };
  const { status: httpStatus } = refusal(code);
  const wait = retry_after_sec === undefined ? {} : { retry_after_sec: Number(retry_after_sec) };
  return { status: httpStatus, body: { ...more, ...wait, ...work, reason, error: { code, message } } };
}

function refusal(code: string): Told {
  const known = code in errorCatalogue ? errorCatalogue[code as keyof typeof errorCatalogue] : undefined;
  return { status: known?.status ?? 500, body: { error: { code } } };
}

const tokenOf = ({ path }: Outgoing): string =>
  new URLSearchParams(path.slice(path.indexOf('?') + 1)).get('token') ?? '';

function metadataOf(headers: readonly string[]): Metadata {
  const metadata = new Metadata();
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? '';
    if (name !== 'content-type') metadata.set(name, headers[at + 1] ?? '');
  }
  return metadata;
}
