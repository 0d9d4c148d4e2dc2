/** A form as text: live figures, fields, plan, buttons. Pure. */
import type { QueueSnapshot } from '../../../contract/snapshot.ts';
import { count, rate, tokens } from '../../output/format.ts';
import { planLines } from '../../plan-text.ts';
import { receiptText } from '../../receipt-text.ts';
import type { Seat } from '../panels/panel.ts';
import { type Line, line, padTo, part, type Size, type Tone, widthOf, wrap } from '../text.ts';
import type { ChangeModal } from './change-modal.ts';
import type { FieldSpec } from './form.ts';

/** Columns of the names at the left. */
const labelWidth = 12;
/** Columns of an input, and from which width of the screen it is the longer one. */
const inputWidth = { narrow: 30, wide: 60, wideFrom: 110 };

/** Columns that the buttons take from what is said beside them. */
const besideButtons = 29;

/** Buttons stay in sight however long a plan is. */
export function modalLines(modal: ChangeModal, seat: Seat, { columns, rows }: Size): Line[] {
  const head = [
    [part(` ${modal.spec.title}`, 'bold'), part(`   ${seat.badge()}  ${seat.context.name} / ${seat.event}`)],
    liveLine(seat),
    line(''),
  ];
  const fields = modal.form.fields.map((field) =>
    fieldLine(modal, field, { columns, snapshot: seat.snapshot() }),
  );
  const plan = modal.reply === undefined ? planPart(modal) : receiptPart(modal, seat, columns);
  const buttons = buttonLines(modal, columns);
  const room = Math.max(0, rows - head.length - fields.length - buttons.length - 1);
  return [...head, ...fields, line(''), ...plan.slice(0, room), ...buttons].slice(0, rows);
}

/** What changes underneath while somebody thinks. */
function liveLine(seat: Seat): Line {
  const snapshot = seat.snapshot();
  if (snapshot === undefined) return line('');
  const { bucket, waiting, admitPerSec } = snapshot;
  const level = `${tokens(bucket.tokens)}/${tokens(bucket.capacity.now)}`;
  const refill = rate(bucket.refillPerSec.now);
  return line(
    ` now: ${count(waiting)} waiting  ${rate(admitPerSec)}/s admitted  bucket ${level}  refill ${refill}/s  version ${snapshot.revision}`,
    'dim',
  );
}

function fieldLine(
  { form }: ChangeModal,
  { name, label, hint, now, choices }: FieldSpec,
  { columns, snapshot }: { columns: number; snapshot: QueueSnapshot | undefined },
): Line {
  const width = columns < inputWidth.wideFrom ? inputWidth.narrow : inputWidth.wide;
  const hasFocus = form.focus === name;
  const value = form.value(name);
  // The end of what is typed is what is being typed.
  const letters = [...value];
  const shown = letters.length > width - 1 ? letters.slice(-(width - 1)).join('') : value;
  const cursor = hasFocus && choices === undefined ? '_' : '';
  const tone: Tone = hasFocus ? 'mark' : 'plain';
  return [
    part(` ${hasFocus ? '>' : ' '} ${label.padEnd(labelWidth)}`, hasFocus ? 'info' : 'plain'),
    part(choices === undefined ? '[' : '<', 'dim'),
    part(padTo(`${shown}${cursor}`, width), tone),
    part(choices === undefined ? ']' : '>', 'dim'),
    part(`  ${snapshot === undefined ? hint : (now?.(snapshot) ?? hint)}`, 'dim'),
  ];
}

function planPart({ plan, problem }: ChangeModal): Line[] {
  if (plan === undefined)
    return problem === '' ? [] : wrap(problem, 76).map((text) => line(`   ${text}`, 'bad'));
  const version = plan.items[0]?.revision ?? 0;
  const head = ` plan ${plan.hash.slice(0, 4)}  ${plan.level}  (version ${version}, data ${plan.dataAgeSec.toFixed(1)}s old)`;
  return [line(head, 'bold'), ...planLines(plan).map((text) => line(text, toneOf(text)))];
}

const toneOf = (text: string): Tone => {
  const word = text.trimStart();
  if (word.startsWith('refused') || word.startsWith('IRREVERSIBLE')) return 'bad';
  return word.startsWith('warning') ? 'warn' : 'plain';
};

function receiptPart({ reply }: ChangeModal, { contextFlag, snapshot }: Seat, columns: number): Line[] {
  if (reply === undefined) return [];
  const timeZone = snapshot()?.timeZone;
  const text = receiptText(reply, timeZone === undefined ? { contextFlag } : { contextFlag, timeZone });
  const receipt = text.trimEnd().split('\n');
  const wrapped = (of: readonly string[], tone: Tone): Line[] =>
    of.flatMap((each) => wrap(each, columns - 4).map((row) => line(` ${row}`, tone)));
  return [
    ...wrapped(receipt, 'good'),
    ...wrapped(
      reply.warnings.map((each) => `warning: ${each}`),
      'warn',
    ),
  ];
}

function buttonLines(modal: ChangeModal, columns: number): Line[] {
  if (modal.reply !== undefined) return [line(''), [part('  '), part('[ Close ]', 'mark')]];
  const { focus } = modal.form;
  const blocked = modal.blocked();
  const isLoud = modal.form.hint !== '' || modal.notice !== '';
  const said = modal.form.hint || modal.notice || blocked || 'Enter on Apply applies';
  const tone: Tone = isLoud ? 'warn' : 'dim';
  // A sentence that has no room beside the buttons stands whole below them.
  const isBeside = widthOf([part(said)]) <= columns - besideButtons;
  return [
    line(''),
    [
      part('  '),
      part('[ Cancel ]', focus === 'cancel' ? 'mark' : 'plain'),
      part('   '),
      part('[ Apply ]', focus === 'apply' ? 'mark' : blocked === undefined ? 'plain' : 'dim'),
      part(isBeside ? `   ${said}` : '', tone),
    ],
    ...(isBeside ? [] : wrap(said, Math.max(20, columns - 4)).map((text) => line(`  ${text}`, tone))),
  ];
}
