import { expect, it, vi } from 'vitest';
import type { FromPrimary, FromWorker } from './messages.ts';
import { combineReadiness, createLonePeers, type Reporters, type WorkerReadiness } from './peers.ts';
import { createWorkerPeers } from './worker-peers.ts';

const state = (ready: boolean, detail = 'connected'): WorkerReadiness => ({
  ready,
  dependencies: { redis: { ok: ready, detail } },
});

const reporters: Reporters = { metrics: () => [], readiness: () => state(true) };

it('a gateway is ready when all its workers that answer are, and shows the worst of each dependency', () => {
  expect(combineReadiness({ reports: [state(true), state(true)], workers: 2 })).toEqual({
    ready: true,
    dependencies: { redis: { ok: true, detail: 'connected' }, workers: { ok: true, detail: '2 of 2' } },
  });
  expect(combineReadiness({ reports: [state(true), state(false, 'loading')], workers: 2 })).toEqual({
    ready: false,
    dependencies: { redis: { ok: false, detail: 'loading' }, workers: { ok: true, detail: '2 of 2' } },
  });
});

it('a gateway stays ready while one worker is replaced, but not without any', () => {
  expect(combineReadiness({ reports: [state(true)], workers: 2 })).toMatchObject({
    ready: true,
    dependencies: { workers: { ok: false, detail: '1 of 2' } },
  });
  expect(combineReadiness({ reports: [], workers: 1 }).ready).toBe(false);
});

it('a lone process asks itself', async () => {
  const peers = createLonePeers();
  peers.serve(reporters);
  expect(await peers.collect('readiness')).toEqual({ reports: [state(true)], workers: 1 });
});

function linked() {
  const sent: FromWorker[] = [];
  const listeners: ((message: FromPrimary) => void)[] = [];
  const peers = createWorkerPeers({
    send: (message) => sent.push(message),
    onMessage: (listener) => listeners.push(listener),
  });
  return {
    peers,
    sent,
    hear: (message: FromPrimary) => listeners.forEach((listener) => void listener(message)),
  };
}

it('a worker asks by way of the primary, and answers it', async () => {
  const { peers, sent, hear } = linked();
  peers.serve(reporters);
  const first = peers.collect('readiness');
  const second = peers.collect('metrics');
  expect(sent.map((message) => message.kind)).toEqual(['collect', 'collect']);
  const [askedFirst, askedSecond] = sent as { id: number }[];
  hear({ kind: 'collected', id: askedSecond?.id ?? 0, reports: [[]], workers: 3 });
  hear({ kind: 'collected', id: askedFirst?.id ?? 0, reports: [state(false)], workers: 3 });
  expect(await first).toMatchObject({ reports: [state(false)], workers: 3 });
  expect(await second).toMatchObject({ reports: [[]] });
  hear({ kind: 'ask', id: 9, name: 'readiness' });
  await vi.waitFor(() => expect(sent.at(-1)).toEqual({ kind: 'report', id: 9, report: state(true) }));
});

it('a worker does not wait for ever for a primary that is stuck', async () => {
  vi.useFakeTimers();
  try {
    const { peers } = linked();
    const collected = peers.collect('readiness');
    await vi.advanceTimersByTimeAsync(2_000);
    expect((await collected).reports).toEqual([]);
  } finally {
    vi.useRealTimers();
  }
});
