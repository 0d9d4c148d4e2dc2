/** What the primary process and its workers say to each other. */
import type { ReportName, Reports } from './peers.ts';

export type FromWorker =
  /** Serves on both ports. */
  | { readonly kind: 'serving' }
  /** Cannot start; the sentence is for the operator. */
  | { readonly kind: 'failed'; readonly sentence: string }
  | { readonly kind: 'collect'; readonly id: number; readonly name: ReportName }
  | { readonly kind: 'report'; readonly id: number; readonly report: Reports[ReportName] };

export type FromPrimary =
  | { readonly kind: 'drain' }
  | { readonly kind: 'ask'; readonly id: number; readonly name: ReportName }
  | {
      readonly kind: 'collected';
      readonly id: number;
      readonly reports: readonly Reports[ReportName][];
      readonly workers: number;
    };

/** Environment variables by which the primary tells a worker who it is. */
export const gatewayIdVariable = 'TACOS_WORKER_GATEWAY_ID';
export const workerPortVariable = 'TACOS_WORKER_PORT';
export const workerGrpcPortVariable = 'TACOS_WORKER_GRPC_PORT';

/** How long the primary waits for the workers' reports, ms. */
export const collectMs = 1_000;
