/** Whose request it is, by address: that of the connection, or the one a trusted proxy names in X-Forwarded-For. */
import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { LRUCache } from 'lru-cache';

/** Addresses whose place in a list of networks is remembered. */
const rememberedMax = 10_000;
/** Addresses of one X-Forwarded-For that are looked at, from its end. */
const hopsMax = 16;

/** Tells whether an address is in a list of IP addresses and CIDR blocks. */
export function createNetworkList(networks: readonly string[]): (address: string) => boolean {
  if (networks.length === 0) return () => false;
  const list = new BlockList();
  for (const network of networks) {
    const [ip = '', bits] = network.split('/');
    const family = isIP(ip) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(ip, family);
    else list.addSubnet(ip, Number(bits), family);
  }
  const remembered = new LRUCache<string, boolean>({ max: rememberedMax });
  return (address) => {
    const known = remembered.get(address);
    if (known !== undefined) return known;
    const version = isIP(address);
    const found = version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4');
    remembered.set(address, found);
    return found;
  };
}

/** Tells whether the other end of a connection is one of these proxies. */
export function createProxyList(trustedProxies: readonly string[]): (remote: string) => boolean {
  const isTrusted = createNetworkList(trustedProxies);
  return (remote) => isTrusted(plain(remote));
}

/** Finds the client's address; what is no address at all ends the search at the proxy that named it. */
export type ClientAddress = (remote: string | undefined, headers: IncomingHttpHeaders) => string;

export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const isTrusted = createNetworkList(trustedProxies);
  return (remote, headers) => {
    let address = plain(remote ?? '');
    const forwarded = headers['x-forwarded-for'];
    if (forwarded === undefined || !isTrusted(address)) return address;
    const text = typeof forwarded === 'string' ? forwarded : forwarded.join(',');
    // From the end, where the proxies write: whatever a visitor puts in front of that is never reached.
    let end = text.length;
    for (let count = 0; count < hopsMax && end >= 0; count += 1) {
      const comma = end === 0 ? -1 : text.lastIndexOf(',', end - 1);
      const hop = plain(text.slice(comma + 1, end).trim());
      end = comma;
      if (isIP(hop) === 0) return address;
      address = hop;
      if (!isTrusted(address)) return address;
    }
    return address;
  };
}

/** Without the brackets, port, zone or IPv4 mapping that an address may come with. */
export function plain(text: string): string {
  const bracketed = /^\[([0-9A-Fa-f:.]+)\](?::\d+)?$/.exec(text)?.[1];
  const withPort = /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1];
  const address = (bracketed ?? withPort ?? text).replace(/%.*$/, '');
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** Who shares a limit: an IPv4 address alone, an IPv6 one with its /64, as a household has that much. */
export function limitedAs(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail = ''] = address.toLowerCase().split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === '' || !address.includes('::') ? [] : tail.split(':');
  const missing = address.includes('::') ? Math.max(0, 8 - front.length - back.length) : 0;
  const groups = [...front, ...Array.from({ length: missing }, () => '0'), ...back];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
