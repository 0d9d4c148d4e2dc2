import { environmentHeader } from '../contract/admin-api.ts';

/** Headers of every answer, streams included. */
export const commonHeaders = (environment: string, requestId: string): Record<string, string> => ({
  'x-request-id': requestId,
  [environmentHeader]: environment,
  'cache-control': 'no-store',
});
