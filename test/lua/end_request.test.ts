import { describe, expect, it } from 'vitest';
import { requestKeys } from '../../src/gateway/requests/request-scripts.ts';
import { useRequests } from './requests.ts';

const { record, pass } = requestKeys({ scope: 'user ann', key: 'k1', passId: 'p1' });

describe('end_request', () => {
  const requests = useRequests();
  const { begin, end } = requests;

  it('keeps an answer for its time, without the owner', async () => {
    await begin();
    expect(await end({ status: 201, answer: '{"x":1}', keepMs: 300_000 })).toEqual(['kept']);
    expect(await requests.redis.hgetall(record)).toEqual({ body: 'b1', status: '201', answer: '{"x":1}' });
    expect(await requests.redis.pttl(record)).toBeGreaterThan(200_000);
  });

  it('frees a key, and leaves the pass bound to it', async () => {
    await begin();
    expect(await end({ status: 0 })).toEqual(['freed']);
    expect(await requests.redis.exists(record)).toBe(0);
    expect(await requests.redis.get(pass)).toBe('k1 b1 o1');
  });

  it('changes nothing for an attempt that is not under way any more', async () => {
    expect(await end()).toEqual(['lost']);
    expect(await requests.redis.exists(record)).toBe(0);
    await begin({ owner: 'o2' });
    expect(await end({ owner: 'o1' })).toEqual(['lost']);
    expect(await end({ owner: 'o1', status: 0 })).toEqual(['lost']);
    expect(await requests.redis.hgetall(record)).toEqual({ body: 'b1', owner: 'o2' });
    await end({ owner: 'o2', answer: '{"by":2}' });
    expect(await end({ owner: 'o1', status: 0 })).toEqual(['lost']);
    expect(await requests.redis.hget(record, 'answer')).toBe('{"by":2}');
  });

  it('gives a pass back that only this attempt has used', async () => {
    await begin();
    expect(await end({ status: 409, gaveBack: 1 })).toEqual(['kept']);
    expect(await requests.redis.exists(pass)).toBe(0);
    expect(await begin({ key: 'k2', owner: 'o2' })).toEqual(['begun']);
  });

  it('does not give a pass back that an attempt before used, which may have succeeded', async () => {
    await begin();
    await end({ status: 0 });
    await begin({ owner: 'o2' });
    expect(await end({ owner: 'o2', status: 409, gaveBack: 1 })).toEqual(['kept']);
    expect(await requests.redis.get(pass)).toBe('k1 b1 o1');
    expect(await begin({ key: 'k2', owner: 'o3' })).toEqual(['used']);
  });

  it('lets one of racing ends have it', async () => {
    await begin();
    const replies = await Promise.all(Array.from({ length: 50 }, (_, at) => end({ status: 200 + at })));
    expect(replies.filter((reply) => String(reply) === 'kept')).toHaveLength(1);
    expect(await requests.redis.hget(record, 'status')).toBe('200');
  });
});
