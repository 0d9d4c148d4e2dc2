import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { requestKeys } from '../../src/gateway/requests/request-scripts.ts';
import { useRequests } from './requests.ts';

const { record, pass } = requestKeys({ scope: 'user ann', key: 'k1', passId: 'p1' });

describe('begin_request', () => {
  const requests = useRequests();
  const { begin, end } = requests;

  it('begins a request and marks it as under way for its time', async () => {
    expect(await begin({ flightMs: 1_200 })).toEqual(['begun']);
    expect(await requests.redis.hgetall(record)).toEqual({ body: 'b1', owner: 'o1' });
    expect(await requests.redis.pttl(record)).toSatisfy((ms: number) => ms > 600 && ms <= 1_200);
  });

  it('holds off copies while it is under way, and refuses another body before that', async () => {
    await begin();
    expect(await begin({ owner: 'o2' })).toEqual(['in_flight']);
    expect(await begin({ owner: 'o3', body: 'b2' })).toEqual(['conflict']);
    expect(await requests.redis.hget(record, 'owner')).toBe('o1');
  });

  it('is free again when the time of somebody who never ended is up, with its pass still bound', async () => {
    await begin({ flightMs: 30 });
    await sleep(60);
    expect(await begin({ key: 'k2', owner: 'o2' })).toEqual(['used']);
    expect(await begin({ owner: 'o2', body: 'b2' })).toEqual(['conflict']);
    expect(await begin({ owner: 'o2' })).toEqual(['begun']);
    expect(await requests.redis.get(pass)).toBe('k1 b1 o1');
  });

  it('gives the kept answer to the same body only', async () => {
    await begin();
    await end({ status: 409, answer: '{"a":"ü"}' });
    expect(await begin({ owner: 'o2' })).toEqual(['replay', 409, '{"a":"ü"}']);
    expect(await begin({ owner: 'o2', body: 'b2' })).toEqual(['conflict']);
  });

  it('binds a pass to the first key and does not prolong that', async () => {
    await begin({ boundMs: 60_000 });
    await end({ status: 0 });
    expect(await begin({ owner: 'o2', boundMs: 900_000 })).toEqual(['begun']);
    expect(await requests.redis.pttl(pass)).toBeLessThanOrEqual(60_000);
    expect(await begin({ key: 'k2', owner: 'o3' })).toEqual(['used']);
  });

  it('touches no pass for a request without one', async () => {
    expect(await begin({ boundMs: 0 })).toEqual(['begun']);
    expect(await begin({ boundMs: 0, key: 'k2' })).toEqual(['begun']);
    expect(await requests.redis.exists(pass)).toBe(0);
  });

  it('lets a pass whose time is over serve only the request that it is bound to', async () => {
    expect(await begin({ isOver: 1 })).toEqual(['run_out']);
    expect(await requests.redis.exists(record, pass)).toBe(0);
    await begin();
    await end({ status: 0 });
    expect(await begin({ isOver: 1, key: 'k2' })).toEqual(['used']);
    expect(await begin({ isOver: 1 })).toEqual(['begun']);
  });

  it('gives a kept answer even when the pass is over and its bond is gone', async () => {
    await begin();
    await end();
    await requests.redis.del(pass);
    expect(await begin({ isOver: 1 })).toEqual(['replay', 201, '{}']);
  });

  it('lets one of racing copies begin, and one of racing keys have the pass', async () => {
    const owners = Array.from({ length: 100 }, (_, at) => `o${at}`);
    const copies = await Promise.all(owners.map((owner) => begin({ owner, boundMs: 0 })));
    expect(copies.filter((reply) => String(reply) === 'begun')).toHaveLength(1);
    expect(copies.filter((reply) => String(reply) === 'in_flight')).toHaveLength(99);
    await requests.redis.flushall();
    const others = await Promise.all(owners.map((owner) => begin({ owner, key: `key ${owner}` })));
    expect(others.filter((reply) => String(reply) === 'begun')).toHaveLength(1);
    expect(others.filter((reply) => String(reply) === 'used')).toHaveLength(99);
  });

  it('is read by the book, which tells of no word that it does not know', async () => {
    const request = {
      scope: 'user ann',
      key: 'k9',
      body: 'b',
      owner: 'o1',
      pass: { id: 'p9', isOver: false },
    };
    const limits = { flightMs: 60_000, boundMs: 60_000 };
    expect(await requests.book.begin(request, limits)).toEqual({ word: 'begun' });
    expect(await requests.book.begin({ ...request, owner: 'o2' }, limits)).toEqual({ word: 'in_flight' });
    const kept = { status: 201, answer: '{}', keepMs: 60_000, passIsFree: false };
    expect(await requests.book.end(request, kept)).toBe('kept');
    expect(await requests.book.begin(request, limits)).toEqual({ word: 'replay', status: 201, answer: '{}' });
    const at = requestKeys({ scope: 'user ann', key: 'k9' }).record;
    await requests.redis.hset(at, 'status', 'odd');
    await expect(requests.book.begin(request, limits)).rejects.toThrow();
  });

  it('keeps neither people nor keys readable, and all of one person in one slot', async () => {
    await requests.book.begin(
      { scope: 'user ann', key: 'my key', body: 'seat A1', owner: 'o', pass: { id: 'p', isOver: false } },
      { flightMs: 60_000, boundMs: 60_000 },
    );
    const names = await requests.redis.keys('*');
    expect(names).toHaveLength(2);
    expect(new Set(names.map((name) => /^tacos:\{u:([\w-]{24})\}:(idem|pass):/.exec(name)?.[1])).size).toBe(
      1,
    );
    const read = (name: string) =>
      name.includes(':pass:') ? requests.redis.get(name) : requests.redis.hgetall(name);
    const stored = await Promise.all(names.map(read));
    expect(JSON.stringify([names, stored])).not.toMatch(/ann|my key|A1/);
  });
});
