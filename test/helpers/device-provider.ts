/** A real OpenID provider with the device flow, and the person with the browser who signs in there. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

/** The provider. */
export interface DeviceProvider {
  readonly issuer: string;
  /** Tokens given so far, by grant type. */
  readonly granted: readonly string[];
  /** Refresh tokens revoked so far. */
  readonly revoked: number;
  stop(): Promise<void>;
}

/** What the access tokens are for, and how long they last. */
export interface DeviceProviderOptions {
  readonly clientId: string;
  readonly audience: string;
  readonly tokenSec: number;
  /** Claims of whoever signs in. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Starts a provider on this machine. A refresh token works once: using it twice ends the sign-in. */
export async function startDeviceProvider(options: DeviceProviderOptions): Promise<DeviceProvider> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'one' };
  const provider = providerOf(issuer, key as { kty: string }, options);
  const granted: string[] = [];
  let revoked = 0;
  provider.on('grant.success', ({ oidc }) => granted.push(String(oidc.params?.grant_type)));
  provider.on('refresh_token.destroyed', () => {
    revoked += 1;
  });
  // Ask each second: where a provider names no interval it is 5 s.
  provider.use(async (context, next) => {
    await next();
    if (context.oidc?.route === 'device_authorization' && context.status === 200) {
      context.body = { ...(context.body as object), interval: 1 };
    }
  });
  server.on('request', provider.callback());
  return {
    issuer,
    granted,
    get revoked() {
      return revoked;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function providerOf(issuer: string, key: { kty: string }, options: DeviceProviderOptions): Provider {
  const { clientId, audience, tokenSec, claims } = options;
  return new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        token_endpoint_auth_method: 'none',
        application_type: 'native',
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    jwks: { keys: [key] },
    cookies: { keys: ['only-for-the-test'] },
    rotateRefreshToken: true,
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...claims }) }),
    extraTokenClaims: () => ({ ...claims }),
    features: {
      deviceFlow: { enabled: true },
      revocation: { enabled: true },
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          audience,
          scope: '',
          accessTokenFormat: 'jwt' as const,
          accessTokenTTL: tokenSec,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
}

/** Follows the pages of a sign-in as a browser does: cookies, redirects, forms. Resolves with the last page's text. */
export async function signInAt(url: string, answer: 'yes' | 'no'): Promise<string> {
  const cookies = new Map<string, string>();
  let { page, at } = await open(url, cookies);
  for (let step = 0; step < 12; step += 1) {
    const form = /<form[^>]*action="([^"]+)"[^>]*>([\s\S]*?)<\/form>/.exec(page);
    if (form === null) return page;
    const fields = new URLSearchParams();
    for (const [input] of page.matchAll(/<input[^>]*>/g)) {
      const name = /name="([^"]*)"/.exec(input)?.[1];
      if (name !== undefined) fields.set(name, /value="([^"]*)"/.exec(input)?.[1] ?? '');
    }
    if (fields.has('login')) fields.set('login', 'mina');
    if (fields.has('password')) fields.set('password', 'any');
    if (answer === 'no') {
      fields.set('abort', 'yes');
      fields.delete('confirm');
    }
    ({ page, at } = await open(new URL(form[1] ?? '', at).href, cookies, fields));
    // What comes then asks for another code.
    if (answer === 'no') return page;
  }
  throw new Error(`the sign-in did not come to an end: ${page.slice(0, 300)}`);
}

async function open(
  url: string,
  cookies: Map<string, string>,
  form?: URLSearchParams,
): Promise<{ page: string; at: string }> {
  let at = url;
  let body = form;
  for (let hop = 0; hop < 12; hop += 1) {
    const reply = await fetch(at, {
      method: body === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(body === undefined ? {} : { body }),
    });
    for (const line of reply.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    const next = reply.headers.get('location');
    if (next === null) return { page: await reply.text(), at };
    await reply.body?.cancel();
    at = new URL(next, at).href;
    body = undefined;
  }
  throw new Error(`too many redirects at ${at}`);
}
