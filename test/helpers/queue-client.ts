/** QueueService as another service calls it. */
import {
  type CallOptions,
  credentials,
  type Metadata,
  Metadata as MetadataOf,
  type ServiceError,
  type status,
} from '@grpc/grpc-js';
import type {
  QueueServiceClient,
  QueueServiceDefinition,
} from '../../generated/proto/gateway/v1/QueueService.ts';
import { protos } from '../../src/grpc/protos.ts';

/** How a call ended. */
export interface Called<Response> {
  readonly code: status;
  readonly details: string;
  /** The answer of a call that ended with OK. */
  readonly answer?: Response;
  /** Trailers, each by its first value. */
  readonly trailers: Readonly<Record<string, string>>;
}

export interface CallExtras {
  readonly metadata?: Readonly<Record<string, string>>;
  /** Time to answer, ms; default 10 s. */
  readonly withinMs?: number;
}

type Name = 'JoinQueue' | 'GetQueueStatus' | 'RequestAdmission' | 'LeaveQueue' | 'GetQueueStats';
type RequestOf<N extends Name> = Parameters<QueueServiceDefinition[N]['requestSerialize']>[0];
type AnswerOf<N extends Name> = ReturnType<QueueServiceDefinition[N]['responseDeserialize']>;

/** Metadata of a load test's visitor of that name. */
export const signedInAs = (user: string): Record<string, string> => ({
  authorization: 'Bearer load-test-bypass-token',
  'x-load-test': 'true',
  'x-user-id': user,
});

export class QueueClient {
  readonly raw: QueueServiceClient;

  /** To one address, or in turn to several, as `ipv4:A:P,B:Q` names them. */
  constructor(address: string) {
    this.raw = new (protos().gateway.QueueService)(address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
    });
  }

  call<N extends Name>(
    name: N,
    request: RequestOf<N>,
    { metadata = {}, withinMs = 10_000 }: CallExtras = {},
  ): Promise<Called<AnswerOf<N>>> {
    const sent = new MetadataOf();
    for (const [key, value] of Object.entries(metadata)) sent.set(key, value);
    const options: CallOptions = { deadline: Date.now() + withinMs };
    return new Promise((resolve) => {
      let answer: AnswerOf<N> | undefined;
      const done = (_error: ServiceError | null, value?: AnswerOf<N>): void => {
        answer = value;
      };
      const method = this.raw[name].bind(this.raw) as (
        request: RequestOf<N>,
        metadata: Metadata,
        options: CallOptions,
        callback: typeof done,
      ) => ReturnType<QueueServiceClient['JoinQueue']>;
      method(request, sent, options, done).on('status', ({ code, details, metadata: trailers }) => {
        const first = Object.fromEntries(
          Object.entries(trailers.getMap()).map(([key, value]) => [key, String(value)]),
        );
        // The callback comes with the status, in an order that is grpc-js's own.
        setImmediate(() =>
          resolve({ code, details, trailers: first, ...(answer === undefined ? {} : { answer }) }),
        );
      });
    });
  }

  /** Joins an event; `user` is a claimed one. */
  join(event: string, user = '', extras?: CallExtras) {
    return this.call('JoinQueue', { eventId: event, userId: user }, extras);
  }

  status(waitingToken: string, extras?: CallExtras) {
    return this.call('GetQueueStatus', { waitingToken }, extras);
  }

  /** Enters as a load test's visitor of that name. */
  enter(waitingToken: string, user: string, extras: CallExtras = {}) {
    return this.call('RequestAdmission', { waitingToken }, { metadata: signedInAs(user), ...extras });
  }

  leave(waitingToken: string, extras?: CallExtras) {
    return this.call('LeaveQueue', { waitingToken }, extras);
  }

  stats(eventId = '', extras?: CallExtras) {
    return this.call('GetQueueStats', { eventId }, extras);
  }

  close(): void {
    this.raw.close();
  }
}
