/** What is wrong now, worst first, then what was looked at and is well. */
import type { QueueSnapshot } from '../../../contract/snapshot.ts';
import { redisCpu, refillShare, refillShareGood } from '../figures.ts';
import { type Line, line, part, wrap } from '../text.ts';
import type { Pane } from '../view.ts';

const indent = 7;

export const alertsPane: Pane = {
  name: 'alerts',
  number: 5,
  heading: 'ALERTS',
  column: 'right',
  minHeight: 3,
  figures: ({ snapshot: { alarms } }) => (alarms.length === 0 ? '' : `  ${alarms.length} on`),
  lines: ({ snapshot, alertAt }, { columns, rows }) => {
    const room = Math.max(10, columns - indent - 1);
    const alarms = snapshot.alarms.slice(Math.min(alertAt, Math.max(0, snapshot.alarms.length - 1)));
    const lines = alarms.flatMap(({ severity, text, next }): Line[] => {
      const tone = severity === 'crit' ? 'bad' : 'warn';
      const [first = '', ...rest] = wrap(text, room);
      const more = next === undefined ? [] : wrap(`next: ${next}`, room);
      return [
        [part(` ${severity.padEnd(indent - 1)}`, tone), part(first)],
        ...[...rest, ...more].map((each) => line(`${' '.repeat(indent)}${each}`)),
      ];
    });
    const well = wellOf(snapshot).map((text): Line => [part(' ok    ', 'good'), part(text)]);
    return [...lines, ...well].slice(0, rows);
  },
  compact: ({ snapshot: { alarms } }) => {
    const worst = alarms[0];
    if (worst === undefined) return undefined;
    const more = alarms.length === 1 ? '' : `  (and ${alarms.length - 1} more, Tab)`;
    return [
      part(` ! ${worst.severity.toUpperCase()} `, worst.severity === 'crit' ? 'bad' : 'warn'),
      part(`${worst.text}${more}`),
    ];
  },
};

/** The two figures that matter most, where they are good. */
function wellOf(snapshot: QueueSnapshot): string[] {
  const { cpuPercent } = snapshot.redis;
  const cpu = cpuPercent === null ? undefined : Math.round(cpuPercent);
  const share = Math.round(refillShare(snapshot) * 100);
  const good = Math.round(refillShareGood * 100);
  return [
    ...(cpu !== undefined && cpu < redisCpu.warn ? [`redis cpu ${cpu}% < ${redisCpu.warn}%`] : []),
    ...(share > good ? [`admit/refill ${share}% > ${good}%`] : []),
  ];
}
