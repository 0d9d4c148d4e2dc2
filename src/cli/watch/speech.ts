/** The queue in words, for people who listen to it: no glyphs, nothing that has to be seen as a table. */
import type { AuditEntry } from '../../contract/audit.ts';
import { isRecovering, type QueueSnapshot } from '../../contract/snapshot.ts';
import { stateOf } from './line-row.ts';
import type { LinkWord } from './link.ts';
import { recoveryText } from './recovery-text.ts';

/** A number as it is said, to two or three figures: `18 thousand`, `1.2 million`, `312`. */
export function inWords(value: number): string {
  const whole = Math.round(value);
  if (whole < 1_000) return String(whole);
  if (whole < 999_500) {
    const thousands = whole / 1_000;
    return `${thousands < 10 ? trim(thousands.toFixed(1)) : Math.round(thousands)} thousand`;
  }
  return `${trim((whole / 1_000_000).toFixed(1))} million`;
}

/** A time as it is said: `7 minutes`, `40 seconds`, `2 hours 5 minutes`. */
export function timeInWords(sec: number): string {
  const amount = (value: number, unit: string): string => `${value} ${unit}${value === 1 ? '' : 's'}`;
  if (sec < 90) return amount(Math.max(0, Math.round(sec)), 'second');
  const minutes = Math.round(sec / 60);
  if (minutes < 60) return amount(minutes, 'minute');
  const rest = minutes % 60;
  const hours = amount(Math.floor(minutes / 60), 'hour');
  return rest === 0 ? hours : `${hours} ${amount(rest, 'minute')}`;
}

const linkWords: Readonly<Record<LinkWord, string>> = {
  live: 'connection is live',
  lagging: 'data is late',
  stale: 'connection lost, the figures are old',
  resync: 'connected again, loading',
  auth: 'sign-in has expired: run tacos auth login',
  gone: 'the event is gone',
};

/** The first sentence, with all that matters. */
export const opening = (snapshot: QueueSnapshot): string =>
  `${snapshot.name || snapshot.event} is ${stateOf(snapshot)}. ${waitingOf(snapshot)}. ${pace(snapshot)}.`;

/** What has changed since it was last spoken of; [] when nothing worth a word has. */
export function news(before: QueueSnapshot, now: QueueSnapshot): string[] {
  const said: string[] = [];
  if (stateOf(before) !== stateOf(now)) said.push(`The queue is now ${stateOf(now)}.`);
  said.push(...recoveryNews(before, now));
  const { waiting, rate } = wordShare;
  // The pace is a mean that goes on drifting; of nobody's wait it says nothing.
  // Whether it is worth a word is told from the mean of a minute, which does not jump; said is the screen's figure.
  const isPaceOther =
    now.waiting > 0 && !now.paused && differs(before.admitPerSec1m, now.admitPerSec1m, rate);
  if (differs(before.waiting, now.waiting, waiting) || isPaceOther) {
    said.push(`${waitingOf(now)}. ${pace(now)}.`);
  }
  const alarms = new Set(before.alarms.map(({ id }) => id));
  for (const alarm of now.alarms)
    if (!alarms.has(alarm.id)) said.push(`Alarm, ${alarm.severity}: ${alarm.text}`);
  const left = new Set(now.alarms.map(({ id }) => id));
  for (const alarm of before.alarms) if (!left.has(alarm.id)) said.push(`Alarm over: ${alarm.text}`);
  return said;
}

function recoveryNews(before: QueueSnapshot, now: QueueSnapshot): string[] {
  const text = recoveryText(now);
  if (isRecovering(before.recovery)) {
    if (isRecovering(now.recovery)) return [];
    const end = now.paused ? 'the queue is paused' : 'people are let in again';
    return [`Recovered, ${text || end}.`];
  }
  // What to do after one by tokens stands there again whenever somebody pauses the event later on.
  const isNew = isRecovering(now.recovery) || before.recovery?.at !== now.recovery?.at;
  return isNew && text !== '' ? [`Redis lost writes: ${text}.`] : [];
}

/** Said when nothing has been for half a minute. */
export const still = ({ waiting }: QueueSnapshot): string =>
  waiting === 0 ? 'Still nobody waiting.' : `Still waiting, ${inWords(waiting)}.`;

/** A change of settings. */
export const changeInWords = ({ actor, summary, action, reason, auditId }: AuditEntry): string =>
  `Change by ${actor}: ${summary || action}.${reason === '' ? '' : ` Reason: ${reason}.`} Audit ${auditId}.`;

/** A change of the connection. */
export const linkInWords = (word: LinkWord): string => `Link: ${linkWords[word]}.`;

const waitingOf = ({ waiting }: QueueSnapshot): string =>
  waiting === 0 ? 'Nobody is waiting' : `${inWords(waiting)} waiting`;

function pace({ admitPerSec, etaTailSec, confidence, waiting, paused }: QueueSnapshot): string {
  // The rate still falls for some seconds, and nobody knows how long a pause lasts.
  if (paused) return 'Nobody is let in';
  const rate = trim(admitPerSec < 10 ? admitPerSec.toFixed(1) : String(Math.round(admitPerSec)));
  const rough = confidence < 0.6 ? 'roughly ' : '';
  const wait = waiting === 0 ? '' : `, the last in line waits ${rough}${timeInWords(etaTailSec)}`;
  return `${rate} admitted a second${wait}`;
}

/** From which share of what was said last a change is worth a word. */
const wordShare = { waiting: 0.05, rate: 0.25 };

const differs = (before: number, now: number, share: number): boolean =>
  Math.abs(now - before) >= Math.max(0.5, share * Math.abs(before));

const trim = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
