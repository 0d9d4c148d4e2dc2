import { describe, expect, it } from 'vitest';
import { type SaleAuthor, SaleStore } from '../../src/queue/sale-store.ts';
import { at, atMs, useLine } from './line.ts';

const plan = {
  type: 'sale.apply',
  opensAt: '2027-05-01T11:00:00.000Z',
  endsAt: '2027-05-01T13:00:00.000Z',
  visitors: 1_000,
  steps: [],
} as const;
const by: SaleAuthor = { name: 'mina', role: 'operator', client: 'test', reason: 'on sale', override: false };
const restore = { refill: '1 0 1 0 0 1' };
const outcome = { state: 'done', at: '2027-05-01T11:00:00.000Z', lateSec: 0.2 } as const;

describe('set_sale', () => {
  const line = useLine();
  const sales = () => new SaleStore(line.redis);
  const sale = (id: string) => ({
    id,
    plan: { ...plan, steps: [] },
    by,
    restore,
    audit: '{"a":1}',
    nowUs: at(1),
  });

  it('keeps a plan once, with its record, and refuses another one while it runs', async () => {
    const event = await line.event();
    expect(await sales().read(event)).toBeUndefined();
    expect(await sales().apply(event, sale('sale_1'))).toBe('applied');
    expect(await sales().apply(event, sale('sale_1'))).toBe('known');
    expect(await sales().apply(event, sale('sale_2'))).toBe('other');
    const found = await sales().read(event);
    expect(found).toMatchObject({ id: 'sale_1', state: 'running', by, restore, appliedAtMs: atMs(1) });
    const records = (await line.redis.xrange(event.keys.audit, '-', '+')).map(([, fields]) => fields[1]);
    expect(records.filter((record) => record === '{"a":1}')).toHaveLength(1);
  });

  it('keeps what was said of a step first', async () => {
    const event = await line.event();
    await sales().apply(event, sale('sale_1'));
    const note = { id: 'sale_1', step: '1.bucket', outcome };
    expect(await sales().note(event, note)).toBe('applied');
    expect(await sales().note(event, { ...note, outcome: { ...outcome, state: 'failed' } })).toBe('known');
    expect(await sales().note(event, { ...note, id: 'sale_2' })).toBe('other');
    expect((await sales().read(event))?.outcomes).toEqual(new Map([['1.bucket', outcome]]));
    expect(await sales().done(event, { id: 'sale_1' })).toBe('applied');
    expect((await sales().read(event))?.state).toBe('done');
    expect(await sales().apply(event, sale('sale_2'))).toBe('applied');
    expect((await sales().read(event))?.outcomes.size).toBe(0);
  });

  it('says nothing more of a sale that was stopped', async () => {
    const event = await line.event();
    await sales().apply(event, sale('sale_1'));
    expect(await sales().stop(event, { id: 'sale_2' })).toBe('other');
    expect(await sales().stop(event, { id: 'sale_1', nowUs: at(5) })).toBe('applied');
    expect(await sales().stop(event, { id: 'sale_1' })).toBe('known');
    expect(await sales().note(event, { id: 'sale_1', step: '1', outcome })).toBe('other');
    expect(await sales().done(event, { id: 'sale_1' })).toBe('other');
    expect(await sales().read(event)).toMatchObject({ state: 'stopped', stoppedAtMs: atMs(5) });
  });

  it('writes nothing for an event of another incarnation, and goes with its event', async () => {
    const event = await line.event({ kind: 'test' });
    await expect(sales().apply({ ...event, incarnation: 'other' }, sale('sale_1'))).rejects.toThrow(
      'incarnation',
    );
    await sales().apply(event, sale('sale_1'));
    await line.store.deleteEvent(event);
    expect(await line.redis.exists(event.keys.sale)).toBe(0);
    await expect(sales().stop(event, { id: 'sale_1' })).rejects.toThrow('gone');
  });
});
