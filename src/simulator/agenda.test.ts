import { expect, it } from 'vitest';
import { Agenda } from './agenda.ts';
import { randomOf } from './random.ts';

it('acts in the order of the times, never early and soon after', async () => {
  const agenda = new Agenda();
  const random = randomOf(7);
  const startMs = performance.now();
  const acted: { dueMs: number; atMs: number }[] = [];
  await new Promise<void>((resolve) => {
    for (let index = 0; index < 500; index += 1) {
      const dueMs = startMs + random() * 200;
      const act = () => {
        acted.push({ dueMs, atMs: performance.now() });
        if (acted.length === 500) resolve();
      };
      agenda.add(dueMs, { act });
    }
  });
  expect(acted.map(({ dueMs }) => dueMs)).toEqual(acted.map(({ dueMs }) => dueMs).toSorted((a, b) => a - b));
  expect(acted.filter(({ dueMs, atMs }) => atMs < dueMs)).toEqual([]);
  expect(agenda.size).toBe(0);
});

it('wakes up earlier for what is added later but due before, also from within an action', async () => {
  const agenda = new Agenda();
  const order: string[] = [];
  const startMs = performance.now();
  await new Promise<void>((resolve) => {
    agenda.add(startMs + 80, {
      act: () => {
        order.push('late');
        resolve();
      },
    });
    agenda.add(startMs + 10, {
      act: (nowMs) => {
        order.push('early');
        agenda.add(nowMs + 10, { act: () => order.push('added') });
      },
    });
  });
  expect(order).toEqual(['early', 'added', 'late']);
});

it('does nothing more once stopped', async () => {
  const agenda = new Agenda();
  let acted = 0;
  const item = { act: () => acted++ };
  agenda.add(performance.now() + 5, item);
  agenda.stop();
  agenda.add(performance.now(), item);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(acted).toBe(0);
});
