/** A real OpenID provider on this machine, whose keys can change and which can go away and come back. */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { Provider } from 'oidc-provider';

/** A service account: what its tokens say. */
export interface ServiceAccount {
  readonly id: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Signature of its tokens; default RS256. */
  readonly alg?: 'RS256' | 'PS256' | 'ES256' | 'EdDSA';
}

/** The provider. */
export interface TestProvider {
  readonly issuer: string;
  /** Requests for the keys so far. */
  readonly keyRequests: number;
  /** Gets a token by client_credentials, as a CI job would. */
  tokenFor(account: ServiceAccount, resource: string): Promise<string>;
  /** A token signed with the provider's own key (default RS256), with whatever claims. */
  sign(claims: JWTPayload, alg?: (typeof kinds)[number]): Promise<string>;
  /** The RS256 key as everybody may see it. */
  publicKey(): JWK;
  /** New keys; the old ones are forgotten, unless they are kept for tokens that they signed. */
  rotate(options?: { readonly keepOld: boolean }): Promise<void>;
  /** Refuses connections until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

const secret = 'only-for-the-test-0123456789';
const kinds = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;
const privateParts = ['d', 'p', 'q', 'dp', 'dq', 'qi'];

/** Starts a provider with these accounts. */
export async function startProvider(accounts: readonly ServiceAccount[]): Promise<TestProvider> {
  let answer: RequestListener = (_, response) => void response.writeHead(503).end();
  let keyRequests = 0;
  let server = serve(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  let keys: JWK[] = [];

  function serve(at: number): Server {
    return createServer((request, response) => {
      if (request.url === '/jwks') keyRequests += 1;
      answer(request, response);
    }).listen(at, '127.0.0.1');
  }
  const rotate = async ({ keepOld } = { keepOld: false }): Promise<void> => {
    keys = [...(await Promise.all(kinds.map(newKey))), ...(keepOld ? keys : [])];
    answer = providerOf(issuer, accounts, keys).callback();
  };
  await rotate();
  const keyOf = (alg: string): JWK => keys.find((each) => each.alg === alg) ?? {};
  return {
    issuer,
    get keyRequests() {
      return keyRequests;
    },
    tokenFor: async ({ id }, resource) => {
      const reply = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource }),
      });
      const body = (await reply.json()) as { access_token?: string };
      if (body.access_token === undefined) throw new Error(JSON.stringify(body));
      return body.access_token;
    },
    sign: (claims, alg = 'RS256') =>
      new SignJWT({ iss: issuer, ...claims })
        .setProtectedHeader({ alg, kid: keyOf(alg).kid ?? '' })
        .sign(keyOf(alg)),
    publicKey: () =>
      Object.fromEntries(Object.entries(keyOf('RS256')).filter(([name]) => !privateParts.includes(name))),
    rotate,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    start: async () => {
      server = serve(port);
      await once(server, 'listening');
    },
  };
}

let made = 0;

async function newKey(alg: (typeof kinds)[number]): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  made += 1;
  return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: `${alg}-${made}` };
}

function providerOf(issuer: string, accounts: readonly ServiceAccount[], keys: readonly JWK[]): Provider {
  const accountOf = (id: string | undefined) => accounts.find((each) => each.id === id);
  return new Provider(issuer, {
    clients: accounts.map(({ id }) => ({
      client_id: id,
      client_secret: secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    ttl: { ClientCredentials: 600 },
    jwks: { keys: [...keys] as { kty: string }[] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource, { clientId }) => ({
          audience: resource,
          scope: '',
          accessTokenFormat: 'jwt' as const,
          accessTokenTTL: 600,
          jwt: { sign: { alg: accountOf(clientId)?.alg ?? 'RS256' } },
        }),
      },
    },
    extraTokenClaims: (_, token) => ({ ...accountOf(token.clientId)?.claims }),
  });
}
