import { describe, expect, it } from 'vitest';
import { newEvent } from '../../test/helpers/new-event.ts';
import { newEventFields, nextTurnMs, parseSettings } from './settings.ts';
import { constant, formatTimedValue } from './timed-value.ts';

const settingsWith = (meta: Record<string, string>) =>
  parseSettings({ ...newEventFields(newEvent).fields, ...meta });

describe('settings', () => {
  it('name the job under way, and none that is not known', () => {
    expect(settingsWith({ job: 'restore aud_1' }).job).toEqual({ kind: 'restore', auditId: 'aud_1' });
    expect(settingsWith({ job: '' }).job).toBeUndefined();
    expect(settingsWith({ job: 'shuffle aud_1' }).job).toBeUndefined();
    expect(settingsWith({}).job).toBeUndefined();
  });

  it('have no end of a message where an older version wrote none', () => {
    const { messageUntil: _, ...fields } = newEventFields(newEvent).fields;
    expect(parseSettings(fields).messageUntilMs).toBe(0);
    expect(settingsWith({ messageUntil: '77' }).messageUntilMs).toBe(77);
  });
});

describe('the next time at which time changes an event', () => {
  it('is never where nothing is set', () => {
    expect(nextTurnMs(settingsWith({}))).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    ['scheduled', 500],
    ['prequeue', 900],
    ['open', Number.POSITIVE_INFINITY],
    ['draining', 700],
    ['closed', Number.POSITIVE_INFINITY],
  ])('counts what is still to come in phase %s', (phase, ms) => {
    const times = { opensAt: '900', prequeueFrom: '500', deadline: '700' };
    expect(nextTurnMs(settingsWith({ ...times, phase }))).toBe(ms);
  });

  it('is the earliest end of a limited value or message', () => {
    const until = (untilMs: number) => formatTimedValue({ ...constant(5), untilMs });
    const meta = { refill: until(300), capacity: until(200), message: 'm', messageUntil: '250' };
    expect(nextTurnMs(settingsWith(meta))).toBe(200);
    expect(nextTurnMs(settingsWith({ ...meta, capacity: '' }))).toBe(250);
    expect(nextTurnMs(settingsWith({ ...meta, capacity: '', message: '' }))).toBe(300);
  });
});
