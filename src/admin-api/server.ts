/** One serving admin API: signs in by list and issuers, serves the app, posts the news. */
import type { Server as TlsServer } from 'node:tls';
import type { Logger } from 'pino';
import { buildApp } from './app.ts';
import type { AdminConfig } from './config.ts';
import type { Desk, ServerFacts } from './desk.ts';
import type { IssuerKeysOptions } from './sign-in/oidc-keys.ts';
import { createOidcScheme } from './sign-in/oidc-scheme.ts';
import { createSignIn } from './sign-in/sign-in.ts';
import { createListScheme } from './sign-in/token-list.ts';
import { ServedCertificate } from './tls.ts';
import { Webhook } from './webhook.ts';

/** What the server is made from. */
export interface ServerOptions {
  readonly config: AdminConfig;
  /** Closed by whoever opened it. */
  readonly desk: Desk;
  readonly version: string;
  readonly log: Logger;
  /** Time between two looks at the certificate's files, ms; default 60 s. */
  readonly certificateLookMs?: number;
  /** How often issuers are asked for keys; default as in oidc-keys. */
  readonly issuerTimes?: Omit<IssuerKeysOptions, 'log'>;
}

/** A server that listens. */
export interface AdminServer {
  /** Origin, such as https://127.0.0.1:8002. */
  readonly address: string;
  readonly facts: () => ServerFacts;
  /** Ends streams, finishes requests, and sends the news that wait. */
  stop(): Promise<void>;
}

/** Starts it. @throws TlsFileError, and the errors of listening */
export async function startServer(options: ServerOptions): Promise<AdminServer> {
  const { config, desk, version, log } = options;
  const environment = config.environmentName;
  const oidc = createOidcScheme(config.issuers, { log, ...options.issuerTimes });
  const certificate = config.tls === undefined ? undefined : new ServedCertificate(config.tls);
  const webhook =
    config.webhookUrl === undefined ? undefined : new Webhook({ url: config.webhookUrl, environment, log });
  const facts = (): ServerFacts => ({
    certificateEndsAt: certificate?.current.endsAt ?? null,
    webhook: { configured: webhook !== undefined, failing: webhook?.failing ?? false },
  });
  const app = await buildApp({
    desk,
    signIn: createSignIn([createListScheme(config.tokens), oidc.signIn]),
    version,
    environment,
    logins: config.issuers.flatMap(({ issuer, clientId, scope }) =>
      clientId === undefined ? [] : [{ issuer, clientId, scope }],
    ),
    serverFacts: facts,
    ...(webhook === undefined ? {} : { testWebhook: () => webhook.test() }),
    metricsOpen: config.metricsOpen,
    log,
    ...(certificate === undefined ? {} : { tls: certificate.current }),
  });
  // The issuers may be slow or away; the list's tokens must not wait for them.
  void oidc.warm();
  // Fastify would listen for `localhost` twice, and the second socket would keep the first certificate.
  const isDouble = certificate !== undefined && config.listen.host === 'localhost';
  const address = await app.listen(isDouble ? { ...config.listen, host: '127.0.0.1' } : config.listen);
  const everyMs = options.certificateLookMs;
  const stopLooking = certificate?.follow(app.server as unknown as TlsServer, {
    log,
    ...(everyMs === undefined ? {} : { everyMs }),
  });
  const stopNews = webhook === undefined ? undefined : desk.onNews((news) => webhook.post(news));
  return {
    address,
    facts,
    stop: async () => {
      stopLooking?.();
      stopNews?.();
      await Promise.all([app.close(), webhook?.close()]);
    },
  };
}
