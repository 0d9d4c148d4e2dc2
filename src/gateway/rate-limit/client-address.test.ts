import { expect, it } from 'vitest';
import { createClientAddress, createNetworkList, limitedAs } from './client-address.ts';

it('believes X-Forwarded-For only of trusted proxies, and only up to the last address that none of them is', () => {
  const addressOf = createClientAddress(['10.0.0.0/8', '127.0.0.1', '::1', 'fd00::/8']);
  const from = (remote: string, forwarded?: string) =>
    addressOf(remote, forwarded === undefined ? {} : { 'x-forwarded-for': forwarded });
  expect(from('203.0.113.9')).toBe('203.0.113.9');
  expect(from('203.0.113.9', '198.51.100.1')).toBe('203.0.113.9');
  expect(from('127.0.0.1', '198.51.100.1')).toBe('198.51.100.1');
  expect(from('::ffff:127.0.0.1', '198.51.100.1:4711')).toBe('198.51.100.1');
  expect(from('10.1.1.1', '6.6.6.6, 198.51.100.1, 10.2.2.2')).toBe('198.51.100.1');
  expect(from('::1', '[2001:db8::7]:443')).toBe('2001:db8::7');
  expect(from('fd00::5', '10.0.0.1, 10.0.0.2')).toBe('10.0.0.1');
  expect(from('10.1.1.1', 'unknown, 10.2.2.2')).toBe('10.2.2.2');
  expect(from('10.1.1.1', ' ')).toBe('10.1.1.1');
  expect(from('10.1.1.1', ',')).toBe('10.1.1.1');
  expect(from('10.1.1.1', ',198.51.100.1')).toBe('198.51.100.1');
});

it('believes no entry in front of what the proxies wrote, however many a visitor sends', () => {
  const addressOf = createClientAddress(['10.0.0.0/8']);
  for (const count of [1, 16, 255, 256, 257, 2_000]) {
    const forged = Array.from({ length: count }, () => '6.6.6.6').join(',');
    const headers = { 'x-forwarded-for': `${forged}, 198.51.100.1, 10.2.2.2` };
    expect(addressOf('10.1.1.1', headers)).toBe('198.51.100.1');
  }
});

it('counts an IPv6 client by its /64', () => {
  expect(limitedAs('198.51.100.1')).toBe('198.51.100.1');
  expect(limitedAs('2001:db8:0:1:aaaa::1')).toBe('2001:db8:0:1::/64');
  expect(limitedAs('2001:DB8::1:2')).toBe('2001:db8:0:0::/64');
  expect(limitedAs('2001:0db8:0000:0001:0:0:0:9')).toBe('2001:db8:0:1::/64');
  expect(limitedAs('::1')).toBe('0:0:0:0::/64');
  expect(limitedAs('nonsense')).toBe('nonsense');
});

it('knows addresses and blocks of both kinds', () => {
  const isIn = createNetworkList(['192.0.2.0/24', '198.51.100.7', '2001:db8::/32']);
  for (const address of ['192.0.2.200', '198.51.100.7', '2001:db8:ffff::1']) expect(isIn(address)).toBe(true);
  for (const address of ['192.0.3.1', '198.51.100.8', '2001:db9::1', 'x', ''])
    expect(isIn(address)).toBe(false);
  expect(isIn('192.0.2.200')).toBe(true);
  expect(createNetworkList([])('192.0.2.1')).toBe(false);
});
