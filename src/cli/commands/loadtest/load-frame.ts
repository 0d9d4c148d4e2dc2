/** A run under way as a screen. Pure. */
import { formatDuration } from '../../duration.ts';
import { count, rate } from '../../output/format.ts';
import type { Frame } from '../../tui/frame.ts';
import { type Glyphs, sparkline } from '../../tui/glyphs.ts';
import { fitLine, type Line, line, part, type Size, type Tone } from '../../tui/text.ts';
import { known, type Look } from './live.ts';
import type { LoadPlan } from './load-plan.ts';

export interface LoadView {
  readonly plan: LoadPlan;
  /** ` DEV  local / evt_demo` */
  readonly head: string;
  /** The looks so far, oldest first; only the last are drawn. */
  readonly looks: readonly Look[];
  readonly isStopping: boolean;
  readonly glyphs: Glyphs;
}

const labelColumns = 12;
const valueColumns = 34;

/** What is drawn at a size. */
export function loadFrame(view: LoadView, size: Size): Frame {
  const { plan, head, looks, isStopping, glyphs } = view;
  const look = looks.at(-1);
  const filled = (of: Line): Line => fitLine(of, size.columns);
  const rule = line(glyphs.rule.repeat(size.columns), 'dim');
  const at =
    look === undefined ? 'starting' : `${formatDuration(look.atSec)} of ${formatDuration(plan.durationSec)}`;
  const state = isStopping
    ? 'STOPPING'
    : look !== undefined && look.atSec > plan.durationSec
      ? 'FINISHING'
      : 'LOAD';
  const foot = isStopping ? ' k6 sums up what there is' : ' Ctrl-C stop, with a report of what there is';
  const lines = look === undefined ? [] : rowsOf(look, view, size);
  return {
    size,
    head: [
      filled([part(`${head}   loadtest ${plan.scenario}   `), part(state, 'info'), part(`   ${at}`)]),
      rule,
    ],
    left: [{ id: 'load', lines: lines.map(filled).slice(0, Math.max(0, size.rows - 5)) }],
    right: [],
    leftColumns: size.columns,
    foot: [rule, filled(line(foot, 'dim'))],
    isDim: false,
  };
}

function rowsOf(look: Look, { looks, glyphs, plan }: LoadView, size: Size): Line[] {
  const { total, server } = look;
  const room = Math.max(0, size.columns - labelColumns - valueColumns - 2);
  const chart = (of: (look: Look) => number | null | undefined): string =>
    sparkline(
      looks.slice(-room).map((each) => of(each) ?? undefined),
      glyphs,
    );
  const isBehind = look.arrivalsPerSec !== null && look.arrivalsPerSec < look.targetPerSec * 0.9;
  const failedRatio = total?.failedRatio ?? 0;
  const dropped = total?.dropped ?? 0;
  const row = (label: string, value: string, picture = '', tone: Tone = 'plain'): Line => [
    part(` ${label.padEnd(labelColumns - 1)}`),
    part(value.padEnd(valueColumns), tone),
    part(picture, 'dim'),
  ];
  return [
    row(
      'TARGET',
      `${rate(look.targetPerSec)}/s`,
      chart(({ targetPerSec }) => targetPerSec),
    ),
    row(
      'ARRIVED',
      `${known(look.arrivalsPerSec, rate)}/s`,
      chart(({ arrivalsPerSec }) => arrivalsPerSec),
      isBehind ? 'warn' : 'plain',
    ),
    row(
      'REQUESTS',
      `${known(look.requestsPerSec, rate)}/s   ${known(total?.requests, count)} in all`,
      chart(({ requestsPerSec }) => requestsPerSec),
    ),
    row('P95', `${known(total?.p95Ms, rate)} ms since the start`),
    row('FAILED', `${(failedRatio * 100).toFixed(2)} %`, '', failedRatio > 0.01 ? 'bad' : 'plain'),
    row('DROPPED', `${count(dropped)} arrivals`, '', dropped > 0 ? 'warn' : 'plain'),
    row(
      'K6',
      `${look.k6Cores.toFixed(1)} cores, ${known(total?.active, count)} of ${count(plan.virtualUsers)} busy`,
    ),
    line(''),
    row(
      'WAITING',
      known(server?.waiting, count),
      chart((each) => each.server?.waiting),
    ),
    row(
      'REDIS',
      `cpu ${known(server?.redis.cpuPercent, (percent) => `${Math.round(percent)}%`)}`,
      chart((each) => each.server?.redis.cpuPercent),
    ),
    row(
      'GATEWAYS',
      `${known(server?.gateways.seen, String)}, cpu ${known(server?.gateways.cpuPercent, (percent) => `${Math.round(percent)}%`)}`,
    ),
  ];
}
