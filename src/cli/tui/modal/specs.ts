/** The forms of the screen: what each asks for, the action that it makes, and the command that does the same. */
import type { Action } from '../../../contract/actions.ts';
import type { AuditEntry } from '../../../contract/audit.ts';
import type { QueueSnapshot } from '../../../contract/snapshot.ts';
import { formatDuration } from '../../duration.ts';
import { plain, rate, tokens } from '../../output/format.ts';
import type { FieldSpec } from './form.ts';
import { numberOf, secondsOf } from './values.ts';

export interface ModalSpec {
  readonly title: string;
  readonly fields: readonly FieldSpec[];
  /** Events that the action names; none for actions of no single event. */
  readonly hasEvent: boolean;
  /** @throws Error with what is wrong with the values; undefined = nothing is asked for yet */
  readonly action: (value: (name: string) => string) => Action | undefined;
}

/** Refill and capacity, with a ramp or for a time. */
export const bucketSpec = (): ModalSpec => ({
  title: 'BUCKET',
  hasEvent: true,
  fields: [
    {
      name: 'refill',
      label: 'refill/s',
      hint: '',
      now: ({ bucket }) => `now ${rate(bucket.refillPerSec.target)}`,
    },
    {
      name: 'capacity',
      label: 'capacity',
      hint: '',
      now: ({ bucket }) => `now ${tokens(bucket.capacity.target)}`,
    },
    { name: 'ramp', label: 'ramp', hint: 'over a time, such as 2m' },
    { name: 'for', label: 'for', hint: 'then back, such as 15m' },
  ],
  action: (value) => {
    const refillPerSec = numberOf('refill/s', value('refill'));
    const capacity = numberOf('capacity', value('capacity'));
    const rampSec = secondsOf('ramp', value('ramp'));
    const forSec = secondsOf('for', value('for'));
    if (refillPerSec === undefined && capacity === undefined) return undefined;
    return {
      type: 'bucket.set',
      ...(refillPerSec === undefined ? {} : { refillPerSec }),
      ...(capacity === undefined ? {} : { capacity }),
      ...(rampSec === undefined ? {} : { rampSec }),
      ...(forSec === undefined ? {} : { forSec }),
    };
  },
});

/** Pause, or resume what is paused. */
export const pauseSpec = ({ paused }: QueueSnapshot): ModalSpec => ({
  title: paused ? 'RESUME' : 'PAUSE',
  hasEvent: true,
  fields: [],
  action: () => ({ type: paused ? 'queue.resume' : 'queue.pause' }),
});

/** No more joins; closed when empty, at a deadline, or at once. */
export const drainSpec = (): ModalSpec => ({
  title: 'DRAIN',
  hasEvent: true,
  fields: [
    { name: 'when', label: 'close', hint: 'space changes it', choices: ['when empty', 'at once'] },
    { name: 'deadline', label: 'deadline', hint: 'at the latest, such as 30m' },
  ],
  action: (value) => {
    const deadlineSec = secondsOf('deadline', value('deadline'));
    if (value('when') === 'at once') return { type: 'queue.drain', now: true };
    return { type: 'queue.drain', ...(deadlineSec === undefined ? {} : { deadlineSec }) };
  },
});

const who = { silent: 'silent for', visitors: 'visitors', all: 'everybody' } as const;

/** Ends places. `visitor` = the one under the cursor. */
export const expireSpec = (visitor: string | undefined): ModalSpec => ({
  title: 'EXPIRE',
  hasEvent: true,
  fields: [
    { name: 'who', label: 'who', hint: 'space changes it', choices: Object.values(who) },
    { name: 'silentFor', label: 'silent for', hint: 'such as 5m' },
    {
      name: 'visitors',
      label: 'visitors',
      hint: visitor === undefined ? 'v_..., by spaces' : `such as ${visitor}`,
    },
  ],
  action: (value) => {
    if (value('who') === who.all) return { type: 'queue.expire', all: true };
    if (value('who') === who.visitors) {
      const visitors = value('visitors')
        .split(/[\s,]+/)
        .filter((each) => each !== '');
      return visitors.length === 0 ? undefined : { type: 'queue.expire', visitors };
    }
    const silentForSec = secondsOf('silent for', value('silentFor'));
    return silentForSec === undefined ? undefined : { type: 'queue.expire', silentForSec };
  },
});

/** Takes a change back. */
export const undoSpec = ({ auditId, summary, action }: AuditEntry): ModalSpec => ({
  title: `UNDO ${auditId}: ${summary || action}`,
  hasEvent: false,
  fields: [],
  action: () => ({ type: 'undo', auditId }),
});

/** The newest change that can still be undone. */
export const newestUndoable = (changes: readonly AuditEntry[], serverNowMs: number): AuditEntry | undefined =>
  changes.find(
    ({ undoUntil, undoneBy }) =>
      undoUntil !== undefined && undoneBy === undefined && Date.parse(undoUntil) > serverNowMs,
  );

/** The command line that does the same, with its reason. */
export function commandOf(
  action: Action,
  { event, reason, contextFlag }: { event: string; reason: string; contextFlag: string },
): string {
  const why = reason === '' ? '' : ` --reason ${quoted(reason)}`;
  return `tacos ${wordsOf(action, event)}${contextFlag}${why}`;
}

function wordsOf(action: Action, event: string): string {
  switch (action.type) {
    case 'bucket.set': {
      const { refillPerSec, capacity, rampSec, forSec } = action;
      const flags = [
        refillPerSec === undefined ? '' : ` --refill ${plain(refillPerSec)}`,
        capacity === undefined ? '' : ` --capacity ${capacity}`,
        rampSec === undefined ? '' : ` --ramp ${formatDuration(rampSec)}`,
        forSec === undefined ? '' : ` --for ${formatDuration(forSec)}`,
      ];
      return `bucket set ${event}${flags.join('')}`;
    }
    case 'queue.pause':
      return `queue pause ${event}`;
    case 'queue.resume':
      return `queue resume ${event}`;
    case 'queue.drain': {
      const { now, deadlineSec } = action;
      const deadline = deadlineSec === undefined ? '' : ` --deadline ${formatDuration(deadlineSec)}`;
      return `queue drain ${event}${now === true ? ` --now --confirm ${event}` : deadline}`;
    }
    case 'queue.expire': {
      const { visitors, silentForSec } = action;
      const chosen =
        silentForSec !== undefined
          ? ` --silent-for ${formatDuration(silentForSec)}`
          : visitors !== undefined
            ? visitors.map((each) => ` --visitor ${quoted(each)}`).join('')
            : ' --all';
      return `queue expire ${event}${chosen} --confirm ${event}`;
    }
    case 'undo':
      return `undo ${action.auditId}`;
    default:
      return `help`;
  }
}

/** For a shell, whatever stands in it. */
const quoted = (text: string): string =>
  /^[\w:.-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
