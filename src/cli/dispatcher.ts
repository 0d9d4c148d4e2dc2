/** The way to a server that is not the plain one: proxies, an authority of one's own, a name behind a tunnel. */
import type { Dispatcher } from 'undici';
import type { ConfigContext } from './config-file.ts';
import { readGiven } from './given-file.ts';

/** What of a context decides the way. */
export type Route = Pick<ConfigContext, 'caFile' | 'tlsServerName' | 'proxy'>;

interface TlsOptions {
  readonly ca?: string;
  readonly servername?: string;
}

/**
 * The dispatcher of a context; undefined = undici's own is right. Names of servers are resolved by the proxy
 * (`socks5h`), so that a host that only the other side knows works.
 *
 * @throws CliError (usage) when the CA file cannot be read
 */
export async function dispatcherOf(route: Route): Promise<Dispatcher | undefined> {
  const { caFile, tlsServerName, proxy } = route;
  if (caFile === undefined && tlsServerName === undefined && proxy === undefined) return undefined;
  const tls: TlsOptions = {
    ...(caFile === undefined ? {} : { ca: readGiven(`caFile ${caFile}`, caFile) }),
    ...(tlsServerName === undefined ? {} : { servername: tlsServerName }),
  };
  const { Agent, ProxyAgent, Socks5ProxyAgent } = await import('undici');
  if (proxy === undefined) return new Agent({ connect: tls });
  if (proxy.startsWith('socks5h:')) {
    return quietly(() => new Socks5ProxyAgent(proxy.replace('socks5h:', 'socks5:'), { requestTls: tls }));
  }
  return new ProxyAgent({ uri: proxy, requestTls: tls });
}

/** undici says once a process that SOCKS is experimental; on an operator's terminal that is noise. */
function quietly<T>(make: () => T): T {
  const emit = process.emitWarning;
  process.emitWarning = () => {};
  try {
    return make();
  } finally {
    process.emitWarning = emit;
  }
}
