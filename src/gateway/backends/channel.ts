/** The connection to one backend: made when first needed, kept alive, and made anew once its breaker has opened. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { type ChannelCredentials, type ChannelOptions, type Client, credentials } from '@grpc/grpc-js';
import { breakerOpenMs } from '../../contract/limits.ts';

/** Where the certificates lie; the certificate authority's alone = TLS, with the other two = mTLS. */
export interface TlsFiles {
  readonly tlsCaFile?: string;
  readonly tlsCertFile?: string;
  readonly tlsKeyFile?: string;
}

/** A file with a certificate cannot be used; the message is a sentence for the operator. */
export class BackendFileError extends Error {
  override readonly name = 'BackendFileError';
}

const options: ChannelOptions = {
  // Of its own, so that a new channel really is a new connection.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': breakerOpenMs,
  // A connection that is dead without saying so is found and left. Servers mind pings only of clients without calls.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 2_000,
  'grpc.keepalive_permit_without_calls': 0,
  'grpc.dns_min_time_between_resolutions_ms': 5_000,
  // A name with several addresses (a headless service of Kubernetes) is served by all of them.
  'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  // No retries by a service config out of the DNS: ours are counted. What never left this process grpc-js sends again.
  'grpc.service_config_disable_resolution': 1,
  // Backends are near; a proxy for the internet is none for them.
  'grpc.enable_http_proxy': 0,
  'grpc.max_receive_message_length': 256 * 1024,
  'grpc.primary_user_agent': 'tacos-gateway',
};

/** What a channel that was renewed may still be needed for: the calls on it, which end at their deadlines, ms. */
const oldChannelMs = 1_000;

/** TLS wants a name to ask a server for, and grpc-js would give it the address, which Node refuses (RFC 6066, 3). */
const nameOfAddress = 'backend.invalid';

export interface ChannelPlan<C extends Client> {
  readonly address: { readonly host: string; readonly port: number };
  readonly tls: TlsFiles;
  readonly connect: new (address: string, credentials: ChannelCredentials, options: ChannelOptions) => C;
}

/** One backend's channel. */
export class BackendChannel<C extends Client> {
  readonly #plan: ChannelPlan<C>;
  readonly #address: string;
  readonly #options: ChannelOptions;
  #credentials: ChannelCredentials;
  #client: C | undefined;

  /** Connects to nothing yet. @throws BackendFileError when a certificate's file cannot be used */
  constructor(plan: ChannelPlan<C>) {
    const { host, port } = plan.address;
    this.#plan = plan;
    this.#options =
      isIP(host) === 0 ? options : { ...options, 'grpc.ssl_target_name_override': nameOfAddress };
    this.#address = `dns:${host.includes(':') ? `[${host}]` : host}:${port}`;
    this.#credentials = readCredentials(plan);
  }

  /** The client; its first call opens the connection. */
  get client(): C {
    this.#client ??= new this.#plan.connect(this.#address, this.#credentials, this.#options);
    return this.#client;
  }

  /**
   * Lets the connection go, so that the next call opens another: one that hangs may hang for minutes. Certificates are
   * read again, as they may have been exchanged; when that fails, the old ones stay and the error is given back.
   */
  renew(): BackendFileError | undefined {
    const old = this.#client;
    this.#client = undefined;
    // Calls that wait for its connection would end with it.
    if (old) setTimeout(() => old.close(), oldChannelMs).unref();
    try {
      this.#credentials = readCredentials(this.#plan);
      return undefined;
    } catch (error) {
      if (error instanceof BackendFileError) return error;
      throw error;
    }
  }

  /** Calls that were sent end by themselves. */
  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }
}

function readCredentials({
  address: { host },
  tls: { tlsCaFile, tlsCertFile, tlsKeyFile },
}: Pick<ChannelPlan<Client>, 'address' | 'tls'>): ChannelCredentials {
  if (tlsCaFile === undefined) return credentials.createInsecure();
  const ca = readFile('BACKEND_TLS_CA_FILE', tlsCaFile);
  const isPair = tlsCertFile !== undefined && tlsKeyFile !== undefined;
  const cert = isPair ? readFile('BACKEND_TLS_CERT_FILE', tlsCertFile) : null;
  const key = isPair ? readFile('BACKEND_TLS_KEY_FILE', tlsKeyFile) : null;
  try {
    // Throws where there is none: Node would take the file, and trust nobody.
    new X509Certificate(ca);
    // The certificate must be for the host that was set, whatever name was asked for.
    const check = (_: string, shown: PeerCertificate) => checkServerIdentity(host, shown);
    return credentials.createSsl(ca, key, cert, { checkServerIdentity: check });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new BackendFileError(`BACKEND_TLS_*_FILE: the certificates cannot be used: ${why}`);
  }
}

function readFile(variable: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw new BackendFileError(
      `${variable} is ${JSON.stringify(path)}: it must be the name of a PEM file that can be read${code}`,
    );
  }
}
