/** What the API server's refusals, and its silence, mean to an operator. */
import { z } from 'zod';
import { TacosError } from '../../contract/errors.ts';

/** A `Status` of Kubernetes, as far as it is read. */
const statusSchema = z.object({
  message: z.string().catch(''),
  reason: z.string().catch(''),
  details: z
    .object({
      causes: z
        .array(
          z.object({
            reason: z.string().catch(''),
            message: z.string().catch(''),
            field: z.string().catch(''),
          }),
        )
        .catch([]),
    })
    .catch({ causes: [] }),
});
export type ClusterStatus = z.infer<typeof statusSchema>;

/** An answer of the API server that says no. */
export interface ClusterRefusal {
  readonly httpStatus: number;
  readonly status: ClusterStatus;
}

/** Codes of Node and undici after which the request has certainly not been carried out. */
const notSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** The API server's own answer in an error of the client library; undefined = there was none. */
export function refusalIn(error: unknown): ClusterRefusal | undefined {
  const { code, body } = error as { code?: unknown; body?: unknown };
  // A DOMException, as of a time-out, has a number for a code too.
  if (typeof code !== 'number' || error instanceof DOMException) return undefined;
  const parsed = statusSchema.safeParse(typeof body === 'string' ? jsonOf(body) : body);
  const status = parsed.success ? parsed.data : { message: '', reason: '', details: { causes: [] } };
  return { httpStatus: code, status };
}

/**
 * The error to tell. `isWrite`: it was to change something, so that a lost answer leaves it open whether it did.
 * `missing`: what 404 means; default that there is no such autoscaler.
 *
 * @returns HPA_NOT_FOUND, CLUSTER_FORBIDDEN, CLUSTER_UNAVAILABLE, CLUSTER_REPLY_LOST
 */
export function clusterError(
  error: unknown,
  { isWrite, name, missing }: { isWrite: boolean; name: string; missing?: TacosError },
): TacosError {
  const refusal = refusalIn(error);
  if (refusal === undefined) {
    const code = causeOf(error);
    if (isWrite && !notSent.has(code))
      return new TacosError('CLUSTER_REPLY_LOST', { hint: 'tacos audit list' });
    return away(`The Kubernetes API cannot be reached right now (${code}).`);
  }
  const { httpStatus, status } = refusal;
  if (httpStatus === 404 && missing !== undefined) return missing;
  if (httpStatus === 404)
    return new TacosError('HPA_NOT_FOUND', {
      message: `There is no autoscaler ${name}.`,
      hint: 'kubectl get hpa --all-namespaces',
    });
  if (httpStatus === 401)
    return new TacosError('CLUSTER_FORBIDDEN', {
      message: 'Kubernetes does not take the credentials of this server.',
    });
  if (httpStatus === 403)
    return new TacosError('CLUSTER_FORBIDDEN', {
      message: `Kubernetes does not let this server do that: ${sentence(status.message)}.`,
    });
  if (httpStatus >= 500 && isWrite) return new TacosError('CLUSTER_REPLY_LOST', { hint: 'tacos audit list' });
  return away(
    `The Kubernetes API answered ${httpStatus}${status.message === '' ? '' : `: ${sentence(status.message)}`}.`,
  );
}

const away = (message: string): TacosError =>
  new TacosError('CLUSTER_UNAVAILABLE', { message, retryAfterSec: 2 });

/** Text of another system, fit for a line of ours. */
export const sentence = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .replace(/\.$/, '')
    .slice(0, 300);

function causeOf(error: unknown): string {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    const { code } = at as { code?: unknown };
    if (typeof code === 'string') return code;
    if (at.name === 'TimeoutError') return 'TIMEOUT';
  }
  return 'NO_ANSWER';
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
