import { describe, expect, it } from 'vitest';
import { at, atMs, readJournal, useLine } from './line.ts';
import { expectSound } from './sound.ts';

describe('ask', () => {
  const line = useLine();
  const story = { askId: 'ask_1', what: 'story', seq: 7, sinceMs: 0 } as const;

  it('puts a question in the journal, which changes nothing', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await store.ask(event, { ...story, nowUs: at(1) });
    await store.ask(event, { askId: 'ask-2', what: 'seen', seq: 0, sinceMs: atMs(1), nowUs: at(1) });
    expect((await readJournal(redis, event)).slice(1)).toEqual([
      { kind: 'asked', askId: 'ask_1', what: 'story', seq: 7, sinceMs: 0 },
      { kind: 'asked', askId: 'ask-2', what: 'seen', seq: 0, sinceMs: atMs(1) },
    ]);
    await expectSound(redis, event);
  });

  it('collects what every worker answers, each question by itself', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await store.ask(event, story);
    expect(await store.answers(event, 'ask_1')).toEqual([]);
    const payload = Buffer.from([0, 255, 10, 195, 40]);
    await Promise.all([
      store.answer(event, { askId: 'ask_1', worker: 'gw1:1', payload }),
      store.answer(event, { askId: 'ask_1', worker: 'gw2:1', payload: Buffer.from('x') }),
      store.answer(event, { askId: 'ask_11', worker: 'gw1:1', payload: Buffer.from('other') }),
    ]);
    await store.answer(event, { askId: 'ask_1', worker: 'gw2:1', payload: Buffer.from('y') });
    const answers = await store.answers(event, 'ask_1');
    expect(answers.sort((a, b) => a.worker.localeCompare(b.worker))).toEqual([
      { worker: 'gw1:1', payload },
      { worker: 'gw2:1', payload: Buffer.from('y') },
    ]);
    expect(await redis.ttl(event.keys.answers)).toBeGreaterThan(50);
    expect(await redis.ttl(event.keys.answers)).toBeLessThanOrEqual(60);
  });

  it('refuses what would break the journal', async () => {
    const { redis, store } = line;
    const event = await line.event();
    for (const askId of ['', 'a b', 'a\nb', 'a:b']) {
      await expect(store.ask(event, { ...story, askId })).rejects.toThrow('no such question');
    }
    await expect(store.ask({ ...event, incarnation: 'other' }, story)).rejects.toThrow('incarnation');
    expect(await redis.xlen(event.keys.journal)).toBe(1);
  });
});
