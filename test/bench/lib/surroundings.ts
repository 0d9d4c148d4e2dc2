/** What stands around a gateway in real life, on this machine: a provider of keys, a collector of traces. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JwtAlgorithm } from './load-jobs.ts';

export interface KeyProvider {
  /** What JWT_JWKS_ENDPOINT is to be. */
  readonly endpoint: string;
  /** Private keys in PEM. */
  readonly keys: Readonly<Record<Exclude<JwtAlgorithm, 'HS256'>, string>>;
  close(): void;
}

/** Serves the public keys of three new pairs; their kid is the algorithm. */
export async function startKeyProvider(): Promise<KeyProvider> {
  const pairs = {
    RS256: generateKeyPairSync('rsa', { modulusLength: 2_048 }),
    ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: generateKeyPairSync('ed25519'),
  };
  const set = Object.entries(pairs).map(([kid, { publicKey }]) => ({
    ...publicKey.export({ format: 'jwk' }),
    kid,
    alg: kid,
    use: 'sig',
  }));
  const body = JSON.stringify({ keys: set });
  const server = await serve((_, response) => response.end(body));
  const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
  return {
    endpoint: server.address,
    keys: {
      RS256: pem(pairs.RS256.privateKey),
      ES256: pem(pairs.ES256.privateKey),
      EdDSA: pem(pairs.EdDSA.privateKey),
    },
    close: server.close,
  };
}

export interface TraceSink {
  /** What OBSERVABILITY_OTLP_ENDPOINT is to be. */
  readonly endpoint: string;
  /** Messages taken so far; each holds at most 512 spans. */
  messages(): number;
  close(): void;
}

/** Takes traces over OTLP and throws them away. */
export async function startTraceSink(): Promise<TraceSink> {
  let messages = 0;
  const server = await serve((request, response) => {
    request.resume().on('end', () => {
      messages += 1;
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  return { endpoint: `${server.address}v1/traces`, messages: () => messages, close: server.close };
}

async function serve(listener: RequestListener): Promise<{ readonly address: string; close(): void }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { address: `http://127.0.0.1:${port}/`, close };
}
