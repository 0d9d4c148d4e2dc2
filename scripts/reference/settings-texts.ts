/** What each variable of gateway and admin API means, for the page of settings. Markdown. */
import type { variables as adminVariables } from '../../src/admin-api/config.ts';
import type { variables as gatewayVariables } from '../../src/gateway/variables.ts';

/** A variable of either process. */
export type Setting = keyof typeof gatewayVariables | keyof typeof adminVariables;

export interface SettingGroup {
  readonly title: string;
  readonly meanings: Readonly<Partial<Record<Setting, string>>>;
  readonly note?: string;
}

export const settingGroups: readonly SettingGroup[] = [
  {
    title: 'Where and as what it serves',
    meanings: {
      SERVER_HOST: 'Address on which visitors are served, HTTP and gRPC.',
      SERVER_PORT: 'HTTP of the visitor API, `/metrics` and `/readyz`.',
      SERVER_GRPC_PORT: 'gRPC [QueueService](../visitor-api.md#grpc), without TLS.',
      SERVER_DRAIN_NOTICE_MS:
        'How long a gateway that [stops](deploy.md#roll-out-roll-back) says "not ready" and serves on, until load balancers ' +
        'have taken it out. Outside of production 100.',
      SERVER_ENVIRONMENT:
        '`production` refuses development keys and tokens ([which](production.md#what-it-refuses)). The others take them.',
      ENVIRONMENT_NAME:
        'Its name in logs, traces and on screens; default SERVER_ENVIRONMENT. A name like `apne2-prod` makes the admin API ' +
        'careful: felt changes want a reason.',
      LOG_LEVEL: 'Least severe lines that are logged.',
      TRUSTED_PROXIES:
        'Who stands in front: only their `X-Forwarded-For` is believed. Behind a load balancer it must be set, or all ' +
        'visitors share its address and [its limit](rate-limits.md#behind-a-load-balancer).',
      CORS_ALLOW_ORIGINS: 'Whose pages may call the visitor API from a browser; none by default.',
      TACOS_TIME_ZONE: 'Zone of events that name none.',
    },
  },
  {
    title: 'Redis',
    meanings: {
      REDIS_ADDRESS: 'The Redis that holds the lines; of a cluster some of its servers.',
      REDIS_CLUSTER_MODE:
        'It is a [Redis Cluster](redis.md#redis-cluster): events are spread over its masters.',
      REDIS_SENTINELS:
        'All [Redis Sentinels](redis.md#redis-sentinel), which say where the master is; REDIS_ADDRESS does not count then.',
      REDIS_SENTINEL_MASTER: 'Name that they know the master by.',
      REDIS_SENTINEL_USERNAME: 'ACL user at the sentinels.',
      REDIS_SENTINEL_PASSWORD: 'Their password.',
      REDIS_SENTINEL_TLS_ENABLED: 'Whether the sentinels speak TLS; unset = as REDIS_TLS_ENABLED says.',
      REDIS_USERNAME: 'ACL user.',
      REDIS_PASSWORD: 'Its password. A change counts from the next start.',
      REDIS_TLS_ENABLED: 'Speak TLS, and only with a certificate that can be verified.',
      REDIS_TLS_CA_FILE: 'PEM of who signed it; without it, whom the system trusts. Needs REDIS_TLS_ENABLED.',
      REDIS_PASSWORD_FROM_SECRETS:
        'Take the password from AWS Secrets Manager; read again when Redis refuses the old one. Needs the next two.',
      AWS_SECRET_NAME: 'Name of the secret: the password itself, or JSON with a field `password`.',
      AWS_REGION: 'Region of the secret and of DYNAMODB_USERS_TABLE.',
    },
    note: 'Users with the least that is needed: [redis.md](redis.md).',
  },
  {
    title: 'Kubernetes',
    meanings: {
      KUBE_HPA:
        'Name of the gateways’ HorizontalPodAutoscaler, for `tacos hpa get`, `watch` and `patch`; without it none is steered.',
      KUBE_NAMESPACE: 'Its namespace; default that of the kubeconfig’s context, or of the pod.',
      KUBECONFIG: 'Path of a kubeconfig; without it the pod’s own service account is used.',
      KUBE_CONTEXT: 'Context of the kubeconfig; default its current one.',
      KUBE_LOADTEST_NAMESPACE:
        'Namespace in which `tacos loadtest --distributed` runs; without it no load test is started.',
      KUBE_LOADTEST_URL: 'The gateway as pods there reach it; goes with KUBE_LOADTEST_NAMESPACE.',
      KUBE_LOADTEST_IMAGE: 'Image of k6, 1.4 or newer.',
    },
    note: 'What it may do there: [hpa.md](hpa.md), [loadtest.md](loadtest.md).',
  },
  {
    title: 'Keys and sign-in',
    meanings: {
      WAITING_TOKEN_KEYS:
        'Sign waiting tokens and name people to operators: the first signs, all verify. Production needs them; else a public ' +
        'development key. As a file, gateways read them again every 10 s. An admin API counts the change from its next start.',
      RESERVATION_TOKEN_KEYS:
        'Sign reservation tokens (Ed25519): 32 bytes in hex or base64, of any other text its SHA-256. Needed, and read ' +
        'again, as above.',
      JWT_SECRET:
        'Verifies and signs HS256 tokens; `/auth/register` and `/auth/login` need it. In production at least 32 characters, ' +
        'else a public default.',
      JWT_JWKS_ENDPOINT:
        'Public keys of a sign-in provider, for RS256, ES256 and EdDSA. In production https, unless on this machine, and ' +
        'with the next two.',
      JWT_ISSUER: '`iss` that tokens must have, and that of our own (else `tacos`).',
      JWT_AUDIENCE: '`aud` that tokens must have, and that of our own.',
      JWT_CACHE_TTL:
        "How long a provider's keys, and tokens verified by them, are used before they are looked at again.",
      DYNAMODB_USERS_TABLE:
        'Table of registered users, partition key `name_key` (text); none = they are kept in Redis. Needs AWS_REGION.',
      AUTH_ENTER_REQUIRED: 'Whether an enter needs a bearer token.',
    },
    note: 'How to change them while a sale runs: [keys.md](keys.md).',
  },
  {
    title: 'Events',
    meanings: {
      EVENTS_AUTO_CREATE:
        'Whether a join makes an unknown event; true outside production, where it is not allowed.',
      BACKEND_BUDGET_PER_SEC:
        'Admissions a second of all events together, until the first `tacos budget set`. The gateway only checks its form.',
    },
  },
  {
    title: 'Tests',
    meanings: {
      TEST_FAULT:
        'A promise of the line that this gateway breaks on purpose, to prove that load tests notice. It starts with one ' +
        'only where SERVER_ENVIRONMENT is `test`.',
    },
    note: 'What it is for: [loadtest.md](loadtest.md).',
  },
  {
    title: 'Rate limits',
    meanings: {
      RATE_LIMIT_ENABLED: 'Whether there are any.',
      RATE_LIMIT_RPS: 'Requests a second of one verified place or one signed-in person.',
      RATE_LIMIT_BURST: 'Requests that they may make at once.',
      RATE_LIMIT_IP_RPS:
        'The same for one address (IPv6: its /64) of everybody else; its burst is twice as much. Carriers put thousands ' +
        'of people behind one address.',
      RATE_LIMIT_EXEMPT: 'Addresses without that limit.',
    },
    note: 'What counts for what: [limits](../visitor-api.md#limits). How to set and watch them: [rate-limits.md](rate-limits.md).',
  },
  {
    title: 'Overload',
    meanings: {
      OVERLOAD_LAG_MS:
        'A worker whose event loop comes round later than this refuses a share of the requests (503) until it does not; ' +
        '0 = never.',
    },
    note: 'What is refused first, and what visitors are told: [Overload](../decisions/0017-overload.md).',
  },
  {
    title: 'Backends',
    meanings: {
      BACKEND_RESERVATION_API_GRPC_ADDRESS: 'The reservation service; none = its routes answer 503.',
      BACKEND_INVENTORY_API_GRPC_ADDRESS:
        'The inventory service. Nothing here calls it: the reservation service does.',
      BACKEND_PAYMENT_API_GRPC_ADDRESS: 'The payment service; none = its routes answer 503.',
      BACKEND_TLS_CA_FILE:
        'PEM of who signed their certificates; set = TLS to all of them. Read again when a breaker has opened, as are the ' +
        'next two.',
      BACKEND_TLS_CERT_FILE:
        "The gateway's own certificate, for backends that ask for one (mTLS). With the key only.",
      BACKEND_TLS_KEY_FILE: 'Its key.',
      PAYMENT_WEBHOOK_URL: 'Handed to the payment service with each payment: where it tells how that ended.',
      BRAKE_MODE:
        '`shadow` says what it would do, `on` lowers the admission rate while backends are slow or fail.',
      BRAKE_FLOOR_PERCENT: 'The brake never goes below this share of the refill.',
      BRAKE_LATENCY_MS: "p95 of a backend's calls above which it brakes.",
      BRAKE_ERROR_PERCENT: 'Share of failed calls above which it brakes.',
    },
    note: 'What backends must do: [backends.md](backends.md). How to switch the brake on: [the brake](backends.md#the-brake).',
  },
  {
    title: 'Traces',
    meanings: {
      OBSERVABILITY_TRACING_ENABLED: 'Whether traces are made at all.',
      OBSERVABILITY_OTLP_ENDPOINT: 'Collector, OTLP over HTTP (protobuf).',
      OBSERVABILITY_SAMPLE_RATE: 'Share of the requests that come without a `traceparent` and are traced.',
      OBSERVABILITY_XRAY_ENABLED: "AWS X-Ray's trace ids and header beside W3C's.",
    },
    note: 'What is in them, and what they cost: [tracing.md](tracing.md).',
  },
  {
    title: 'Admin API',
    meanings: {
      ADMIN_ADDRESS:
        'Where it listens; beyond loopback it wants a certificate. The gateway only checks its form.',
      ADMIN_ALLOW_PLAINTEXT: 'Plain http beyond loopback, where something in front encrypts.',
      ADMIN_TLS_CERT_FILE: 'Its certificate with the chain, PEM; looked at again every 60 s, as is the key.',
      ADMIN_TLS_KEY_FILE: 'Its key, PEM.',
      ADMIN_TOKENS:
        'Roles: viewer, operator, admin. `ADMIN_TOKEN_FILE` is another name of `ADMIN_TOKENS_FILE`. These or the next are needed.',
      ADMIN_OIDC_ISSUERS:
        '[Whose sign-ins are taken](../admin-api.md#openid-connect), and which role they give.',
      ADMIN_METRICS_OPEN: 'Whether `/metrics` needs no token.',
      ALERT_WEBHOOK_URL: 'Gets every audit record and every alarm that goes on or off.',
    },
  },
];
