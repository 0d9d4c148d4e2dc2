import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Meters } from './meters.ts';
import { WorkerFigureBook } from './worker-figures.ts';

describe('the figures of a worker', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('count what was answered, and forget it after a minute', () => {
    const meters = new Meters();
    const book = new WorkerFigureBook({ meters, version: '1.2.3', streamCount: () => 4 });
    const join = meters.route('POST', '/api/v1/queue/join');
    for (let at = 0; at < 99; at += 1) join.record(202, performance.now() - 3);
    join.record(503, performance.now() - 200);
    join.record(409, performance.now() - 200);
    meters.route('GET', '/api/v1/queue/status').record(200, performance.now());
    expect(book.read()).toMatchObject({
      version: '1.2.3',
      streams: 4,
      requests: 102,
      errors5xx: 1,
      conflicts: 1,
      joinP99Ms: 250,
    });
    vi.advanceTimersByTime(70_000);
    expect(book.read()).toMatchObject({ requests: 0, errors5xx: 0, joinP99Ms: undefined });
    book.close();
  });
});
