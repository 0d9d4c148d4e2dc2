import { describe, expect, it } from 'vitest';
import { Flow } from './flow.ts';

const atMs = Date.UTC(2026, 0, 1);

describe('Flow', () => {
  it('sums the seconds of a window, the running one included', () => {
    const flow = new Flow();
    for (let second = 0; second < 100; second += 1) flow.record('entered', atMs + second * 1000, 2);
    expect(flow.sum('entered', atMs + 99_500, 1)).toBe(2);
    expect(flow.sum('entered', atMs + 99_500, 60)).toBe(120);
    expect(flow.sum('entered', atMs + 99_500, 900)).toBe(200);
    expect(flow.sum('left', atMs + 99_500, 900)).toBe(0);
  });

  it('forgets after 15 minutes, but not in its totals', () => {
    const flow = new Flow();
    flow.record('left', atMs, 5);
    expect(flow.sum('left', atMs + 899_000, 900)).toBe(5);
    expect(flow.sum('left', atMs + 900_000, 900)).toBe(0);
    flow.record('left', atMs + 901_000, 1);
    expect(flow.sum('left', atMs + 901_000, 900)).toBe(1);
    expect(flow.total('left')).toBe(6);
  });

  it('does not let a late record spoil a newer second', () => {
    const flow = new Flow();
    flow.record('back', atMs + 901_000, 3);
    flow.record('back', atMs, 7);
    expect(flow.sum('back', atMs + 901_000, 900)).toBe(3);
  });

  it('takes over the admissions before the load, evenly over their ten seconds', () => {
    const flow = new Flow();
    flow.preload([
      { atMs, count: 25 },
      { atMs: atMs + 10_000, count: 3 },
    ]);
    expect(flow.sum('entered', atMs + 19_999, 20)).toBe(28);
    expect(flow.sum('entered', atMs + 19_999, 15)).toBe(13 + 3);
    expect(flow.total('entered')).toBe(0);
  });

  it('puts none of them ahead of the load, where those to come are counted', () => {
    const flow = new Flow();
    flow.preload([{ atMs, count: 90, sec: 3 }]);
    expect(flow.sum('entered', atMs + 2_999, 3)).toBe(90);
    expect(flow.sum('entered', atMs + 9_999, 7)).toBe(0);
  });
});
