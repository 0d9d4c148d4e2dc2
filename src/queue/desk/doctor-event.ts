/** What is wrong with one line. */
import { gatewayMemorySec } from '../../contract/alarm-facts.ts';
import { inWords, short } from '../../contract/alarm-row.ts';
import { deadHeadShareMax } from '../../contract/alarms-of-line.ts';
import { gatewaySeenSec, gatewaySilentSec, lagLimitsMs } from '../../contract/alarms-of-servers.ts';
import { doctorChecks, type Finding } from '../../contract/doctor.ts';
import { burstMin, burstSecDefault, pollAfterSecMin } from '../../contract/limits.ts';
import { counted } from './counted.ts';
import type { DoctorEvent, DoctorGateway } from './doctor.ts';
import { recoveryFinding } from './doctor-recovery.ts';
import { findingsOf } from './finding.ts';

/** Share of the window above which absent people are taken for the cause of a slow line. */
const deadHeadShareFailing = 0.5;
/** So many absent people, with nobody present among them, are a line that was deserted. */
const desertedMin = 1_000;
/** Who was silent for so many times as long as it takes to be stepped around is gone. */
export const surelyGonePresences = 3;

/** A finding for every check, in any order. */
export function eventFindings(event: DoctorEvent, nowMs: number): Finding[] {
  const slow = event.alarms.some(({ id }) => id === 'admissions-none' || id === 'admissions-low');
  return [
    recoveryFinding(event, nowMs),
    phaseFinding(event, nowMs),
    pauseFinding(event),
    gatewayFinding(event, nowMs),
    revisionFinding(event, nowMs),
    roomFinding(event, { check: 'window-small', holds: event.window, slow }),
    roomFinding(event, { check: 'capacity-small', holds: event.capacity, slow }),
    deadHeadFinding(event, slow),
    lagFinding(event, { nowMs, slow }),
    ...symptoms(event),
  ];
}

/**
 * Not open is a failure for those who wait, and worth a warning while nobody does. But before an opening that is planned
 * it is as it should be, however many wait for it in the pre-queue.
 */
function phaseFinding({ event, phase, opensAtMs, waiting }: DoctorEvent, nowMs: number): Finding {
  const { trouble, pass } = findingsOf(event);
  const next = `tacos queue open ${event}`;
  switch (phase) {
    case 'scheduled':
    case 'prequeue': {
      const people = `${counted(waiting)} people wait`;
      if (opensAtMs > nowMs)
        return pass(
          'not-open',
          `opens in ${inWords(opensAtMs - nowMs)}${waiting > 0 ? `; until then ${people}` : ''}`,
        );
      const text = `not open (${phase}), and no opening time is set${waiting > 0 ? `: ${people}` : ''}`;
      return trouble(waiting > 0, 'not-open', { text, next });
    }
    case 'closed':
      return trouble(waiting > 0, 'not-open', {
        text: waiting > 0 ? `closed, and ${counted(waiting)} people wait` : 'closed: nobody can join',
        next,
      });
    case 'draining':
      return pass('not-open', `draining: nobody can join, ${counted(waiting)} people may still enter`);
    case 'open':
      return pass('not-open', 'open');
  }
}

function pauseFinding({ event, paused, waiting }: DoctorEvent): Finding {
  const { fail, pass } = findingsOf(event);
  if (!paused) return pass('paused', 'not paused');
  const text = `paused: nobody is let through, ${counted(waiting)} people wait`;
  return fail('paused', { text, next: `tacos queue resume ${event}` });
}

const ageSec = ({ lastMs }: DoctorGateway, nowMs: number): number => (nowMs - lastMs) / 1000;

/** Gateways are called HOST-PID-XXXX. */
const hostOf = (gateway: string): string => gateway.replace(/-\d+-[0-9a-f]{4}$/, '');

function gatewayFinding({ event, gateways, waiting }: DoctorEvent, nowMs: number): Finding {
  const { fail, pass } = findingsOf(event);
  const missing = gateways.filter((one) => {
    const sec = ageSec(one, nowMs);
    return sec > gatewaySilentSec && sec <= gatewayMemorySec;
  });
  const live = gateways.filter((one) => ageSec(one, nowMs) <= gatewaySilentSec).length;
  const [first] = missing;
  if (first !== undefined) {
    const names = missing.map((one) => `${one.gateway} (seen ${inWords(nowMs - one.lastMs)} ago)`).join(', ');
    return fail('gateway-missing', {
      text: `${missing.length} of ${missing.length + live} gateways stopped without a goodbye: ${names}`,
      who: `whoever runs ${hostOf(first.gateway)}: start its gateway again`,
    });
  }
  if (live > 0 || waiting === 0)
    return pass('gateway-missing', live === 1 ? '1 gateway reports' : `${live} gateways report`);
  const who = 'whoever runs the gateways: start them, or look at their way to Redis';
  return fail('gateway-missing', {
    text: `no gateway serves this queue, and ${counted(waiting)} people wait`,
    who,
  });
}

function revisionFinding({ event, gateways, revision, settledSec }: DoctorEvent, nowMs: number): Finding {
  const { fail, pass } = findingsOf(event);
  const live = gateways.filter((one) => ageSec(one, nowMs) <= gatewaySeenSec);
  const behind = live.filter((one) => one.revision < revision);
  if (behind.length === 0 || settledSec <= gatewaySilentSec) {
    return pass(
      'revision-not-in-force',
      `version ${revision} is in force on ${live.length - behind.length} of ${live.length}`,
    );
  }
  const names = behind.map((one) => `${one.gateway} (version ${one.revision})`).join(', ');
  return fail('revision-not-in-force', {
    text: `version ${revision}, ${inWords(settledSec * 1000)} old, is not in force on ${names}`,
    who: `whoever runs ${hostOf(behind[0]?.gateway ?? '')}: restart that gateway`,
  });
}

/** People notice at their next poll: a bucket or a window that holds less than they pass by meanwhile slows the line. */
function roomFinding(
  { event, refillPerSec }: DoctorEvent,
  { check, holds, slow }: { check: 'window-small' | 'capacity-small'; holds: number; slow: boolean },
): Finding {
  const { pass, trouble } = findingsOf(event);
  const [name, command] =
    check === 'window-small'
      ? ['window', `tacos queue settings set ${event} --window`]
      : ['capacity', `tacos bucket set ${event} --capacity`];
  const sec = holds / refillPerSec;
  const text = `${name} ${short(holds)} holds ${short(sec)} s of refill at ${short(refillPerSec)}/s`;
  if (sec >= burstSecDefault) return pass(check, text);
  return trouble(slow || sec < pollAfterSecMin, check, {
    text: `${text}; under ${burstSecDefault} s the rate is not reached`,
    next: `${command} ${Math.max(burstMin, Math.ceil(burstSecDefault * refillPerSec))}`,
  });
}

/**
 * The line steps around the absent, so however many they are, they fail only where it is slow for them, or where nobody
 * else is there.
 *
 * The command that ends their places is told once it ends the trouble: before, those at the front were not silent for
 * long enough. It asks for the event's name and takes a reason: both are in it, so that it runs as it stands. Until
 * then, the one told shows who they are.
 */
function deadHeadFinding(
  { event, deadHeads, unclaimed, present, gone, window, presenceSec }: DoctorEvent,
  slow: boolean,
): Finding {
  const { pass, trouble } = findingsOf(event);
  if (deadHeads <= deadHeadShareMax * window)
    return pass('dead-heads', `${counted(deadHeads)} people at the front are silent`);
  const silentFor = `${Math.ceil(surelyGonePresences * presenceSec)}s`;
  const expire =
    `tacos queue expire ${event} --silent-for ${silentFor} --confirm ${event} ` +
    '--reason "silent at the front"';
  const holdUp = slow && deadHeads > deadHeadShareFailing * window;
  const deserted = present === 0 && deadHeads >= desertedMin && deadHeads > window;
  if (unclaimed > deadHeads / 2) {
    return trouble(holdUp, 'dead-heads', {
      text: `${counted(unclaimed)} people at the front were told to enter and did not, the window is ${counted(window)}`,
      who: 'whoever runs what lies behind the queue: look whether people can enter it',
      next: lookAtFront(event),
    });
  }
  return trouble(holdUp || deserted, 'dead-heads', {
    text: `${counted(deadHeads)} people at the front are silent, the window is ${counted(window)}`,
    who: 'nobody has to: the line steps around each within 25 s of their last request',
    next: deadHeads - gone <= deadHeadShareMax * window ? expire : lookAtFront(event),
  });
}

function lagFinding(
  { event, gateways }: DoctorEvent,
  { nowMs, slow }: { nowMs: number; slow: boolean },
): Finding {
  const { pass, trouble } = findingsOf(event);
  const live = gateways.filter((one) => ageSec(one, nowMs) <= gatewaySeenSec);
  const behind = live.filter(({ lagMs }) => lagMs !== null && lagMs > lagLimitsMs.warn);
  if (behind.length === 0) return pass('replica-lag', 'every gateway follows the journal');
  const names = behind.map((one) => `${one.gateway} (${Math.round(one.lagMs ?? 0)} ms)`).join(', ');
  const worst = Math.max(...behind.map(({ lagMs }) => lagMs ?? 0));
  return trouble(slow || worst > lagLimitsMs.crit, 'replica-lag', {
    text: `behind the journal: ${names}; they say ready to nobody`,
    who: `whoever runs ${hostOf(behind[0]?.gateway ?? '')}: look at its CPU and its way to Redis`,
  });
}

const lookAtFront = (event: string): string => `tacos queue positions ${event} --limit 20`;

/** Alarms that no check explains; where they send people here, the front of the line shows what is left to be seen. */
function symptoms({ event, alarms }: DoctorEvent): Finding[] {
  const { pass, trouble } = findingsOf(event);
  const checked: readonly string[] = doctorChecks;
  const left = alarms.filter(({ id }) => !checked.includes(id));
  if (left.length === 0) return [pass('admissions-none', 'no alarm is on that the other checks do not name')];
  return left.map(({ id, severity, text, next }) =>
    trouble(severity === 'crit', id, {
      text,
      ...(next === undefined ? {} : { next: next.startsWith('tacos doctor') ? lookAtFront(event) : next }),
    }),
  );
}
