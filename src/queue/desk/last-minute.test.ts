import { describe, expect, it } from 'vitest';
import { LastMinute, RisingCount } from './last-minute.ts';

describe('values of the last minute', () => {
  it('have a p99, and none where there is no value', () => {
    const values = new LastMinute();
    expect(values.p99(0)).toBeNull();
    for (let at = 1; at <= 200; at += 1) values.add(at, at);
    expect(values.p99(200)).toBe(198);
    expect(values.p99(60_150)).toBe(200);
    expect(values.p99(60_300)).toBeNull();
  });
});

describe('a rising count', () => {
  it('says by how much it rose within the last minute', () => {
    const count = new RisingCount();
    expect(count.perMinute()).toBeNull();
    count.add(100, 0);
    expect(count.perMinute()).toBe(0);
    count.add(103, 30_000);
    expect(count.perMinute()).toBe(3);
    count.add(104, 60_000);
    expect(count.perMinute()).toBe(4);
    count.add(104, 91_000);
    expect(count.perMinute()).toBe(1);
  });

  it('begins anew where it fell', () => {
    const count = new RisingCount();
    count.add(100, 0);
    count.add(2, 1_000);
    expect(count.perMinute()).toBe(2);
  });
});
