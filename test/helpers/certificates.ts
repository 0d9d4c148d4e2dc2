/** Certificates that end when a test wants it, made by the program openssl. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CertificatePair {
  /** Path of the PEM; it is its own issuer. */
  readonly cert: string;
  readonly key: string;
}

/** Makes one for 127.0.0.1 that ends in so many hours; its files lie in `folder`. */
export function newCertificate(folder: string, name: string, hours: number): CertificatePair {
  const at = (ending: string): string => join(folder, `${name}.${ending}`);
  const openssl = (...args: string[]): Buffer => execFileSync('openssl', args, { stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at('key')];
  openssl('req', '-new', ...key, '-subj', `/CN=${name}`, '-out', at('csr'));
  writeFileSync(at('index'), '');
  writeFileSync(
    at('cnf'),
    [
      '[ca]\ndefault_ca = here',
      `[here]\ndatabase = ${at('index')}\nserial = ${at('serial')}\nnew_certs_dir = ${folder}\ndefault_md = sha256`,
      'policy = any\nx509_extensions = names\n[any]\ncommonName = supplied',
      '[names]\nsubjectAltName = IP:127.0.0.1\n',
    ].join('\n'),
  );
  const end = new Date(Date.now() + hours * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14);
  const self = ['-selfsign', '-keyfile', at('key'), '-in', at('csr'), '-out', at('pem')];
  openssl('ca', '-batch', '-notext', '-create_serial', '-config', at('cnf'), ...self, '-enddate', `${end}Z`);
  return { cert: at('pem'), key: at('key') };
}
