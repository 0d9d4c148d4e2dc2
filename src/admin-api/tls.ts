/** The certificate that the admin API serves: read, checked, and taken anew when its files change. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type Server as TlsServer } from 'node:tls';

/** Where certificate (with its chain) and key are, both PEM. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** What the files hold. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
  /** RFC 3339. */
  readonly endsAt: string;
}

/** Time between two looks at the files, ms. */
const lookMs = 60_000;

/** A problem with one of the files, as "NAME is VALUE: it must be …" says it. */
export class TlsFileError extends Error {
  override readonly name = 'TlsFileError';
}

/** Reads both files. @throws TlsFileError naming the variable at fault */
export function readTls({ certFile, keyFile }: TlsFiles): TlsPair {
  const cert = textOf('ADMIN_TLS_CERT_FILE', certFile);
  const key = textOf('ADMIN_TLS_KEY_FILE', keyFile);
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(cert);
  } catch {
    throw problem('ADMIN_TLS_CERT_FILE', certFile, 'a file with a certificate in PEM');
  }
  try {
    if (!parsed.checkPrivateKey(createPrivateKey(key))) throw new Error('another key');
    // What both say alone may still be refused by TLS, such as a key that is too short.
    createSecureContext({ cert, key });
  } catch {
    throw problem('ADMIN_TLS_KEY_FILE', keyFile, 'a file with the private key of the certificate, in PEM');
  }
  return { cert, key, endsAt: new Date(parsed.validTo).toISOString() };
}

function textOf(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw problem(name, path, `the name of a file that can be read${code}`);
  }
}

const problem = (name: string, path: string, allowed: string): TlsFileError =>
  new TlsFileError(`${name} is ${JSON.stringify(path)}: it must be ${allowed}`);

/** The certificate in use. */
export class ServedCertificate {
  private readonly files: TlsFiles;
  private pair: TlsPair;

  /** @throws TlsFileError */
  constructor(files: TlsFiles) {
    this.files = files;
    this.pair = readTls(files);
  }

  /** What is served now. */
  get current(): TlsPair {
    return this.pair;
  }

  /**
   * Looks at the files every `everyMs` (default 60 s) and serves new connections with what they hold then. While they
   * cannot be used, such as half way through a renewal, the last pair goes on.
   *
   * @returns a function that ends it
   */
  follow(
    server: Pick<TlsServer, 'setSecureContext'>,
    options: {
      readonly log: {
        info(detail: object, message: string): void;
        warn(detail: object, message: string): void;
      };
      readonly everyMs?: number;
    },
  ): () => void {
    const look = (): void => {
      try {
        const next = readTls(this.files);
        if (next.cert === this.pair.cert && next.key === this.pair.key) return;
        server.setSecureContext({ cert: next.cert, key: next.key });
        this.pair = next;
        options.log.info({ endsAt: next.endsAt }, 'serving a new certificate');
      } catch (error) {
        options.log.warn({ cause: (error as Error).message }, 'the certificate cannot be read again');
      }
    };
    const timer = setInterval(look, options.everyMs ?? lookMs);
    timer.unref();
    return () => clearInterval(timer);
  }
}
