import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { inTime } from './in-time.ts';

describe('what is waited for', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('is given as it comes, and leaves no timer behind', async () => {
    const late = vi.fn();
    expect(await inTime(Promise.resolve(7), 100, late)).toBe(7);
    await expect(inTime(Promise.reject(new Error('no')), 100, late)).rejects.toThrow('no');
    expect(late).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not waited for any longer, and may fail later', async () => {
    const failing = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error('too late')), 200);
    });
    const given = inTime(failing, 100, () => 'late');
    const thrown = inTime(failing, 100, () => {
      throw new Error('late');
    });
    thrown.catch(() => {});
    await vi.advanceTimersByTimeAsync(100);
    expect(await given).toBe('late');
    await expect(thrown).rejects.toThrow('late');
    await vi.advanceTimersByTimeAsync(200);
  });
});
