/** Calls from one simulated service to another, over gRPC like any other. */
import type { CallOptions, ClientUnaryCall, Metadata, requestCallback, ServiceError } from '@grpc/grpc-js';
import { Problem } from './problem.ts';
import { type CallFacts, insiderMetadata } from './serving.ts';

/** Longest wait for another service, ms. Not cut by our own caller's deadline: work that has begun is finished. */
const askMs = 5_000;

type Call<Reply> = (
  metadata: Metadata,
  options: CallOptions,
  done: requestCallback<Reply>,
) => ClientUnaryCall;

/** Makes the call. @throws Problem UPSTREAM_ERROR when no answer comes: what was asked for may have been done */
export function ask<Reply>(facts: CallFacts, call: Call<Reply>): Promise<Reply> {
  const deadline = Date.now() + askMs;
  return new Promise((resolve, reject) => {
    call(insiderMetadata(facts), { deadline }, (error: ServiceError | null, reply?: Reply) => {
      if (error || reply === undefined) {
        reject(new Problem('UPSTREAM_ERROR', error?.details ?? 'no reply from another service'));
      } else resolve(reply);
    });
  });
}
