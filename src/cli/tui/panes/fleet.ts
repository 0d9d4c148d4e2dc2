/** The state of the queue and of the gateways that serve it. */
import type { HpaFigures } from '../../../contract/hpa.ts';
import type { QueueSnapshot } from '../../../contract/snapshot.ts';
import { count } from '../../output/format.ts';
import { stateOf } from '../../watch/line-row.ts';
import { recoveryText } from '../../watch/recovery-text.ts';
import { percent } from '../figures.ts';
import { cutEnd, part, type Tone, widthOf } from '../text.ts';
import type { Pane, View } from '../view.ts';
import { compactLine } from './parts.ts';

/** Fewer columns than these tell nothing of a message. */
const messageMin = 14;
/** The rule and the blanks around a title, and the rule behind it. */
const titleFrame = 6;

/** Failing requests above this are an alarm, %. */
const errorsGood = 1;

export const fleetPane: Pane = {
  name: 'fleet',
  heading: 'FLEET',
  column: 'right',
  minHeight: 3,
  figures: ({ snapshot }, { columns }) => {
    const { seen, versions } = snapshot.gateways;
    const mixed =
      versions.length > 1
        ? `  mixed ${versions.join(' ')}`
        : versions[0] === undefined
          ? ''
          : ` v${versions[0].replace(/^v/, '')}`;
    const gateways =
      snapshot.hpa === null ? `${seen} ${seen === 1 ? 'gateway' : 'gateways'}` : hpaText(snapshot.hpa);
    const text = `  ${gateways}${mixed}`.trimEnd();
    return text + messageIn(snapshot, columns - titleFrame - 'FLEET'.length - text.length);
  },
  lines: (view) => {
    const { gateways, silentOver60Sec } = view.snapshot;
    const recovering = recoveryText(view.snapshot);
    return [
      [
        part(` ready ${ready(view)}`, readyTone(view)),
        part(`   cpu ${percent(gateways.cpuPercent, 0)}   streams ${countOf(gateways.streams)}`),
      ],
      recovering === ''
        ? [
            part(` 5xx ${percent(gateways.errors5xxPercent, 2)}`, errorTone(view)),
            part(`   409 ${percent(gateways.conflictsPercent, 1)}   silent ${count(silentOver60Sec)}`),
          ]
        : [part(` ${recovering}`, 'warn')],
    ];
  },
  compact: (view, columns) => {
    const { snapshot } = view;
    const state = stateOf(snapshot);
    const tone = state === 'open' ? 'good' : 'warn';
    const recovering = recoveryText(snapshot);
    if (recovering !== '') return compactLine('STATE', state.toUpperCase(), tone, [part(recovering, 'warn')]);
    const streams = `streams ${countOf(snapshot.gateways.streams)}   `;
    // What visitors are told is worth more than how many streams tell it to them.
    const rest = [
      part(`${snapshot.message === null ? streams : ''}silent >60s ${count(snapshot.silentOver60Sec)}   `),
      part(`5xx ${percent(snapshot.gateways.errors5xxPercent, 2)}`, errorTone(view)),
      part(`   gateways ${ready(view)}`, readyTone(view)),
    ];
    const row = compactLine('STATE', state.toUpperCase(), tone, rest);
    return [...row, part(messageIn(snapshot, columns - widthOf(row)), 'info')];
  },
};

/** `   msg "We will be…"`, the message to visitors cut to at most `columns`; '' where there is none or no room. */
function messageIn({ message }: QueueSnapshot, columns: number): string {
  if (message === null || columns < messageMin) return '';
  const room = columns - '   msg ""'.length;
  return `   msg "${cutEnd(message.text, room)}"`;
}

/** `hpa gateway 4 of 6 (4..20)`: pods that exist of those asked for, and between what it may choose. */
function hpaText({ name, min, max, asked, replicas }: HpaFigures): string {
  const pods = replicas === asked ? String(asked) : `${replicas} of ${asked}`;
  return `hpa ${name} ${pods} (${min}..${max})`;
}

const ready = ({ snapshot: { gateways } }: View): string => `${gateways.inForce}/${gateways.seen}`;

const readyTone = ({ snapshot: { gateways } }: View): Tone =>
  gateways.inForce < gateways.seen || gateways.seen === 0 || gateways.missing.length > 0 ? 'warn' : 'plain';

const errorTone = ({ snapshot: { gateways } }: View): Tone =>
  (gateways.errors5xxPercent ?? 0) > errorsGood ? 'bad' : 'plain';

const countOf = (value: number | null): string => (value === null ? '-' : count(value));
