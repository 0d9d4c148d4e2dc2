import { describe, expect, it } from 'vitest';
import { idleFigures } from '../../../test/helpers/idle-figures.ts';
import { brakeViewSchema } from '../../contract/snapshot.ts';
import { formatFigures, parseReports } from '../report-figures.ts';
import { parseSettings } from '../settings.ts';
import { brakeView } from './brake-view.ts';

const nowMs = 1_800_000_000_000;
const reports = (...all: { bm?: string; bd?: string; agoMs?: number }[]) =>
  parseReports(
    Object.fromEntries(
      all.map(({ bm = '', bd = '', agoMs = 100 }, at) => [
        `g/w${at}`,
        `${nowMs - agoMs} 1 g ${formatFigures({ ...idleFigures, bm, bd })}`,
      ]),
    ),
  );
const refill = '10000000 0 10000000 0 0 10000000';
const settings = (meta: Record<string, string> = {}) => parseSettings({ refill, ...meta });
const braking = settings({
  brake: `700 ${nowMs - 500} 490 ${nowMs - 500} ${nowMs + 20_000} 1000`,
  brakeSince: String(nowMs - 4_000),
  brakeWhy: 'payment:latency:900',
});

describe('the brake as operators see it', () => {
  it('is nothing where it is off at all gateways, or where they are of a version without it', () => {
    expect(brakeView(settings(), reports({}), nowMs)).toBeNull();
    expect(brakeView(settings(), parseReports({ 'g/w1': `${nowMs} 1 g {"v":"1"}` }), nowMs)).toBeNull();
    expect(brakeView(settings(), reports({ bm: 'on', agoMs: 60_000 }), nowMs)).toBeNull();
  });

  it('says its share, since when and why while it brakes, whoever is alive to say so', () => {
    const view = {
      mode: 'on',
      ratio: 0.49,
      reason: 'payment p95 900 ms',
      sinceAt: new Date(nowMs - 4_000).toISOString(),
    };
    expect(brakeView(braking, reports({ bm: 'on' }), nowMs)).toEqual(view);
    expect(brakeView(braking, [], nowMs)).toEqual(view);
    expect(brakeViewSchema.parse(view)).toEqual(view);
  });

  it('is on and idle before and after', () => {
    const idle = { mode: 'on', ratio: 1, reason: null, sinceAt: null };
    expect(brakeView(settings(), reports({ bm: 'on' }, {}), nowMs)).toEqual(idle);
    expect(brakeView(braking, reports({ bm: 'on' }), nowMs + 20_000 - 101)).toMatchObject({ ratio: 0.49 });
    expect(
      brakeView(
        settings({ brake: braking.brake ? `490 0 490 0 ${nowMs} 1000` : '' }),
        reports({ bm: 'on' }),
        nowMs,
      ),
    ).toEqual(idle);
  });

  it('says what it would do in shadow mode, from the worker that decides', () => {
    const bd = `300 ${nowMs - 9_000} reservation:errors:12`;
    expect(brakeView(settings(), reports({ bm: 'shadow' }, { bm: 'shadow', bd }), nowMs)).toEqual({
      mode: 'shadow',
      ratio: 1,
      wouldBe: 0.3,
      reason: 'reservation 12 % errors',
      sinceAt: new Date(nowMs - 9_000).toISOString(),
    });
    const calm = { mode: 'shadow', ratio: 1, wouldBe: 1, reason: null, sinceAt: null };
    expect(brakeView(settings(), reports({ bm: 'shadow', bd: '1000 0 ' }), nowMs)).toEqual(calm);
    expect(brakeView(settings(), reports({ bm: 'shadow' }), nowMs)).toEqual(calm);
  });
});
