import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SharedKeys } from './key-share.ts';
import { KeysUnavailableError, ProviderKeys } from './provider-keys.ts';

let first: JWK;
let second: JWK;
beforeAll(async () => {
  const keyOf = async (kid: string): Promise<JWK> => {
    const { publicKey } = await generateKeyPair('ES256', { extractable: true });
    return { ...(await exportJWK(publicKey)), kid, alg: 'ES256' };
  };
  first = await keyOf('first');
  second = await keyOf('second');
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});
afterEach(() => {
  keys.close();
  vi.useRealTimers();
});

let keys: ProviderKeys;

/** Keys of a provider that tests put up and down. */
function begin(options: { published?: JWK[] | Error; shared?: SharedKeys; answerMs?: number } = {}) {
  const state = {
    published: options.published ?? [first],
    shared: options.shared,
    shareIsDown: false,
    reads: 0,
    logged: [] as string[],
  };
  keys = new ProviderKeys({
    fetchKeys: async () => {
      state.reads += 1;
      const { published } = state;
      if (options.answerMs !== undefined) await new Promise((done) => setTimeout(done, options.answerMs));
      if (published instanceof Error) throw published;
      return published;
    },
    share: {
      read: async () => {
        if (state.shareIsDown) throw new Error('no connection');
        return state.shared;
      },
      write: async (shared) => {
        state.shared = shared;
      },
    },
    cacheMs: 600_000,
    log: {
      warn: (_, message) => state.logged.push(message),
      info: (_, message) => state.logged.push(message),
    },
  });
  return state;
}

const find = (kid: string) => keys.find({ alg: 'ES256', kid }, { payload: '', signature: '' });
const verdict = (kid: string): Promise<string> =>
  find(kid).then(
    () => 'found',
    (error: Error) => error.name,
  );

describe('keys at first', () => {
  it('come from the provider, and go to the others', async () => {
    const state = begin();
    await keys.start();
    expect(await verdict('first')).toBe('found');
    expect(state.shared?.keys).toEqual([first]);
  });

  it('come from Redis while they are fresh there, and the provider is left alone', async () => {
    const state = begin({ shared: { keys: [first], readMs: Date.now() - 60_000 } });
    expect(await verdict('first')).toBe('found');
    expect(state.reads).toBe(0);
    await vi.advanceTimersByTimeAsync(540_000);
    expect(state.reads).toBe(1);
  });

  it('come from Redis however old while the provider is down', async () => {
    const state = begin({
      published: new Error('down'),
      shared: { keys: [first], readMs: Date.now() - 86_400_000 },
    });
    expect(await verdict('first')).toBe('found');
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(await verdict('first')).toBe('found');
    expect(state.reads).toBeGreaterThan(100);
    expect(state.reads).toBeLessThan(150);
    expect(state.logged.length).toBe(1);
  });

  it('cannot be had anywhere: that is no verdict on a token, until the provider is back', async () => {
    const state = begin({ published: new Error('down') });
    state.shareIsDown = true;
    expect(await verdict('first')).toBe(KeysUnavailableError.name);
    expect(await verdict('first')).toBe(KeysUnavailableError.name);
    expect(state.reads).toBe(1);
    state.published = [first];
    await vi.advanceTimersByTimeAsync(2_500);
    expect(await verdict('first')).toBe('found');
    expect(state.logged.at(-1)).toContain('can be read again');
  });
});

describe('keys later', () => {
  it('are read again after the cache time, and those taken back end', async () => {
    const state = begin();
    await keys.start();
    state.published = [second];
    await vi.advanceTimersByTimeAsync(601_000);
    expect(state.reads).toBe(2);
    expect(await verdict('second')).toBe('found');
  });

  it('tell by their generation that one was taken back, not that one came', async () => {
    const state = begin();
    await keys.start();
    const before = keys.generation;
    state.published = [first, second];
    await vi.advanceTimersByTimeAsync(600_000);
    expect([await verdict('second'), keys.generation]).toEqual(['found', before]);
    state.published = [second];
    await vi.advanceTimersByTimeAsync(600_000);
    expect(keys.generation).toBeGreaterThan(before);
    const after = keys.generation;
    // The same kid with another key behind it is another key.
    state.published = [{ ...first, kid: 'second' }];
    await vi.advanceTimersByTimeAsync(600_000);
    expect(keys.generation).toBeGreaterThan(after);
  });

  it('are taken from Redis where another gateway read them meanwhile', async () => {
    const state = begin();
    await keys.start();
    await vi.advanceTimersByTimeAsync(500_000);
    state.shared = { keys: [second], readMs: Date.now() };
    await vi.advanceTimersByTimeAsync(101_000);
    expect(state.reads).toBe(1);
    expect(await verdict('second')).toBe('found');
  });

  it('are taken from Redis also while the provider can be reached from another gateway alone', async () => {
    const state = begin();
    await keys.start();
    state.published = new Error('no route');
    await vi.advanceTimersByTimeAsync(3_600_000);
    const before = keys.generation;
    state.shared = { keys: [second], readMs: Date.now() };
    await vi.advanceTimersByTimeAsync(31_000);
    expect(await verdict('second')).toBe('found');
    expect(keys.generation).toBeGreaterThan(before);
    // What is older than what is in use is not taken.
    state.shared = { keys: [first], readMs: Date.now() - 60_000 };
    await vi.advanceTimersByTimeAsync(31_000);
    expect(await verdict('second')).toBe('found');
    state.shareIsDown = true;
    await vi.advanceTimersByTimeAsync(600_000);
    expect(await verdict('second')).toBe('found');
    expect(state.logged.length).toBe(1);
  });

  it('stay in use while the provider is down for longer than the cache time', async () => {
    const state = begin();
    await keys.start();
    state.published = new Error('down');
    await vi.advanceTimersByTimeAsync(7_200_000);
    expect(await verdict('first')).toBe('found');
    expect(await verdict('second')).toBe(KeysUnavailableError.name);
    expect(state.logged.length).toBe(1);
  });
});

describe('a key that is not known', () => {
  it('is found by one read, which all who ask share', async () => {
    const state = begin({ answerMs: 50 });
    void keys.start();
    await vi.advanceTimersByTimeAsync(10_000);
    state.published = [first, second];
    const verdicts = Promise.all(Array.from({ length: 50 }, () => verdict('second')));
    await vi.advanceTimersByTimeAsync(60);
    expect(new Set(await verdicts)).toEqual(new Set(['found']));
    expect(state.reads).toBe(2);
  });

  it('is asked for at most once in two seconds, whatever is forged', async () => {
    const state = begin();
    await keys.start();
    const verdicts: Promise<string>[] = [];
    for (let at = 0; at < 100; at += 1) {
      verdicts.push(verdict(`forged-${at}`));
      await vi.advanceTimersByTimeAsync(100);
    }
    await vi.advanceTimersByTimeAsync(3_000);
    expect(new Set(await Promise.all(verdicts))).toEqual(new Set(['JWKSNoMatchingKey']));
    expect(state.reads).toBeGreaterThanOrEqual(5);
    expect(state.reads).toBeLessThanOrEqual(8);
  });

  it('may be named by anything that JSON can hold', async () => {
    begin();
    await keys.start();
    for (const kid of ['{"toString":1}', '[]', '5', 'null']) {
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await verdict(JSON.parse(`{"kid":${kid}}`).kid)).toMatch(/^found$|^JWKSNoMatchingKey$/);
    }
  });

  it('and was just looked for is refused at once', async () => {
    const state = begin();
    await keys.start();
    await vi.advanceTimersByTimeAsync(10_000);
    for (let at = 0; at < 10; at += 1) expect(await verdict('forged')).toBe('JWKSNoMatchingKey');
    expect(state.reads).toBe(2);
  });

  it('is found although a read has only just begun, or been made for another', async () => {
    const state = begin({ answerMs: 500 });
    void keys.start();
    await vi.advanceTimersByTimeAsync(10_000);
    const forged = verdict('forged');
    await vi.advanceTimersByTimeAsync(100);
    // Published after the read that is under way was answered, though its answer is still to come.
    state.published = [first, second];
    const real = verdict('second');
    await vi.advanceTimersByTimeAsync(3_000);
    expect([await forged, await real]).toEqual(['JWKSNoMatchingKey', 'found']);
    expect(state.reads).toBe(3);
  });
});
