/** Cross-origin rules: which pages of other sites may call the visitor API from a browser. */

/** Headers for one answer, as name, value, name, value; `origin` is the request's Origin header. */
export interface Cors {
  headers(origin: string | undefined): readonly string[];
  /** Those of the answer to a preflight request; empty when its origin may not call. */
  preflight(origin: string | undefined, methods: string): readonly string[];
}

/** How long a browser may remember a preflight answer, s; Chromium's limit is 2 h. */
const preflightMaxAgeSec = 7_200;

const requestHeaders =
  'authorization, content-type, idempotency-key, traceparent, tracestate, x-dev-mode, x-load-test, x-user-id';

const none: readonly string[] = [];
const vary = ['vary', 'Origin'] as const;
const exposed = ['access-control-expose-headers', 'Idempotency-Replayed, Retry-After, X-Request-Id'] as const;

/** `origins` = those allowed, ["*"] = all, [] = none. Credentials are never allowed: tokens travel in headers. */
export function createCors(origins: readonly string[]): Cors {
  if (origins.length === 0) return { headers: () => none, preflight: () => none };
  if (origins.includes('*')) {
    const forAll = ['access-control-allow-origin', '*', ...exposed];
    return { headers: () => forAll, preflight: (_, methods) => [...forAll, ...preflightHeaders(methods)] };
  }
  const allowed = new Map(
    origins.map((origin) => [origin, ['access-control-allow-origin', origin, ...exposed, ...vary]]),
  );
  const headers = (origin: string | undefined): readonly string[] =>
    origin === undefined ? vary : (allowed.get(origin) ?? vary);
  return {
    headers,
    preflight: (origin, methods) =>
      origin !== undefined && allowed.has(origin) ? [...headers(origin), ...preflightHeaders(methods)] : vary,
  };
}

const preflightHeaders = (methods: string): string[] => [
  'access-control-allow-methods',
  methods,
  'access-control-allow-headers',
  requestHeaders,
  'access-control-max-age',
  String(preflightMaxAgeSec),
];
