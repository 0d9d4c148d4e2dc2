import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CliError } from '../errors.ts';
import { FakeApi } from '../testing/fake-api.ts';
import { snapshotOf } from '../testing/views.ts';
import { Feed } from './feed.ts';
import { type LinkFacts, linkAt } from './link.ts';
import type { StreamMessage } from './stream.ts';

const snapshot = (seq: number): StreamMessage => ({
  kind: 'snapshot',
  id: String(seq),
  snapshot: snapshotOf({ seq }),
});
const heartbeat = (ageSec: number): StreamMessage => ({ kind: 'heartbeat', heartbeat: { ageSec, seq: 1 } });

/** Stays open until told to stop. */
const hold = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('the feed', () => {
  let api: FakeApi;
  let stop: AbortController;
  const open = (random = () => 0) =>
    new Feed({
      api,
      event: 'evt_x',
      clock: { now: Date.now, monotonic: () => performance.now() },
      signal: stop.signal,
      random,
    });
  beforeEach(() => {
    api = new FakeApi();
    stop = new AbortController();
  });
  afterEach(() => {
    stop.abort();
    vi.useRealTimers();
  });

  it('reconnects after a break with the last id it has seen', async () => {
    const twice = vi.fn();
    api.streams = [
      async function* () {
        yield snapshot(1);
        yield snapshot(2);
      },
      async function* (signal) {
        yield snapshot(9);
        await hold(signal);
      },
    ];
    const feed = open();
    feed.onChange(({ snapshot: now }) => twice(now?.seq));
    const run = feed.run();
    await vi.waitFor(() => expect(feed.snapshot?.seq).toBe(9));
    expect(api.resumedFrom).toEqual([undefined, '2']);
    expect(feed.facts).toMatchObject({ isInStep: true, attempt: 0, retryAtMs: undefined });
    stop.abort();
    await run;
  });

  it('throws when the very first connection is refused', async () => {
    api.failures.stream = new CliError('event "evt_x" not found', { code: 'EVENT_NOT_FOUND', exitCode: 3 });
    await expect(open().run()).rejects.toThrow('not found');
  });

  it('ends when the event goes, and says so', async () => {
    api.streams = [
      async function* () {
        yield snapshot(1);
        api.failures.stream = new CliError('gone', { code: 'EVENT_NOT_FOUND', exitCode: 3 });
      },
    ];
    const feed = open();
    await feed.run();
    expect(linkAt(feed.facts, 0).word).toBe('gone');
    expect(feed.snapshot?.seq).toBe(1);
  });

  it('goes on trying when the token has expired, and says so', async () => {
    api.streams = [
      async function* () {
        yield snapshot(1);
        api.failures.stream = new CliError('no', { code: 'UNAUTHENTICATED', exitCode: 4 });
      },
      async function* (signal) {
        yield snapshot(2);
        await hold(signal);
      },
    ];
    const feed = open(() => 0.02);
    const run = feed.run();
    await vi.waitFor(() => expect(feed.facts.end).toBe('auth'));
    delete api.failures.stream;
    await vi.waitFor(() => expect(feed.facts.end).toBe(undefined));
    stop.abort();
    await run;
  });

  it('waits longer each time, at most 10 s', async () => {
    vi.useFakeTimers();
    api.streams = [
      async function* () {
        yield snapshot(1);
        api.failures.stream = new CliError('down', { code: 'UNREACHABLE', exitCode: 7 });
      },
    ];
    const feed = open(() => 1);
    const waits: number[] = [];
    feed.onChange(({ facts }) => {
      if (facts.retryAtMs !== undefined) waits.push(Math.round(facts.retryAtMs - performance.now()));
    });
    const run = feed.run();
    await vi.advanceTimersByTimeAsync(45_000);
    expect(waits.slice(0, 7)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    stop.abort();
    await run;
  });

  it('drops a connection on which nothing comes, not even a heartbeat', async () => {
    vi.useFakeTimers();
    api.streams = [
      async function* (signal) {
        yield snapshot(1);
        yield heartbeat(0.1);
        await hold(signal);
      },
    ];
    const run = open().run();
    await vi.advanceTimersByTimeAsync(8_500);
    expect(api.resumedFrom).toEqual([undefined, '1']);
    stop.abort();
    await run;
  });
});

describe('the link', () => {
  const facts: LinkFacts = {
    heardAtMs: 0,
    serverAgeSec: 0.1,
    isInStep: true,
    isConnected: true,
    attempt: 0,
    retryAtMs: undefined,
    end: undefined,
  };

  it.each([
    [{}, 0, 'live'],
    [{}, 2_300, 'live'],
    [{}, 2_500, 'lagging'],
    [{}, 5_000, 'stale'],
    [{ serverAgeSec: 6 }, 0, 'stale'],
    [{ serverAgeSec: 3 }, 0, 'lagging'],
    [{ isInStep: false }, 100, 'resync'],
    [{ isInStep: false }, 9_000, 'stale'],
    [{ isConnected: false, isInStep: false }, 100, 'live'],
    [{ end: 'gone' as const }, 0, 'gone'],
    [{ end: 'auth' as const }, 0, 'auth'],
  ])('%j at %d ms is %s', (change, nowMs, word) => {
    expect(linkAt({ ...facts, ...change }, nowMs).word).toBe(word);
  });

  it('says which attempt comes when', () => {
    const link = linkAt({ ...facts, isConnected: false, attempt: 3, retryAtMs: 16_000 }, 12_000);
    expect(link).toMatchObject({ word: 'stale', ageSec: 12.1, retry: { attempt: 3, inSec: 4 } });
  });
});
