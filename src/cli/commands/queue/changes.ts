/** The changes of `tacos queue …` as the command line knows them. */
import type { Command } from 'commander';
import { challengeBitsMax } from '../../../contract/limits.ts';
import { mutationOptions, overrideOption, type Register } from '../../command.ts';
import { numberFlag } from '../../flags.ts';

/** open, close, pause, resume, drain. */
export function phaseChanges(queue: Command, add: Register): void {
  openAndClose(queue, add);
  pauseAndResume(queue, add);
  const drain = add(queue, 'drain <EVT>', {
    summary: 'no more joins; closed once the line is empty',
    examples: [
      'tacos queue drain evt_demo --deadline 30m --reason "doors close at 20:00"',
      'tacos queue drain evt_demo --wait --timeout 1h',
      'tacos queue drain evt_demo --now --confirm evt_demo --reason "show is cancelled"',
    ],
    load: async () => (await import('./phase.ts')).queueDrain,
  });
  drain
    .option('--now', 'ends every place at once')
    .option('--deadline <D>', 'closed by then, whoever still waits');
  overrideOption(mutationOptions(drain));
}

function openAndClose(queue: Command, add: Register): void {
  const open = add(queue, 'open <EVT>', {
    summary: 'let people join and enter, now or at a time',
    examples: [
      'tacos queue open evt_demo --reason "sale starts"',
      'tacos queue open evt_demo --at 2027-05-01T11:00:00+09:00',
    ],
    load: async () => (await import('./phase.ts')).queueOpen,
  });
  open.option('--at <T>', "with offset, or in the event's zone: 2027-05-01T11:00");
  overrideOption(mutationOptions(open));

  const close = add(queue, 'close <EVT>', {
    summary: 'no more joins, and nobody enters',
    examples: [
      'tacos queue close evt_demo --keep --reason "payment is down"',
      'tacos queue close evt_demo --sold-out "Sold out. Thank you!" --reason "last seat gone"',
    ],
    load: async () => (await import('./phase.ts')).queueClose,
  });
  close
    .option('--keep', 'the line stays, paused')
    .option('--sold-out <TEXT>', 'the line ends; everybody in it reads this');
  overrideOption(mutationOptions(close));
}

function pauseAndResume(queue: Command, add: Register): void {
  const pause = add(queue, 'pause [EVT...]', {
    summary: 'joins go on, nobody enters, the bucket stands still',
    examples: [
      'tacos queue pause evt_demo --reason "database failover"',
      'tacos queue pause --all --reason "payment is down"',
    ],
    load: async () => (await import('./phase.ts')).queuePause,
  });
  mutationOptions(pause.option('--all', 'every queue that is not closed'));

  const resume = add(queue, 'resume [EVT...]', {
    summary: 'let people enter again',
    examples: ['tacos queue resume evt_demo --reason "payment is back"', 'tacos queue resume --all'],
    load: async () => (await import('./phase.ts')).queueResume,
  });
  overrideOption(mutationOptions(resume.option('--all', 'every queue that is not closed')));
}

/** expire, remove, flush, message. */
export function peopleChanges(queue: Command, add: Register): void {
  const expire = add(queue, 'expire <EVT>', {
    summary: 'end places; undo gives them back for 10 minutes',
    examples: [
      'tacos queue expire evt_demo --silent-for 5m --confirm evt_demo --reason "dead bots"',
      'tacos queue expire evt_demo --visitor v_abcd2345 --dry-run',
      'tacos queue expire evt_demo --all --dry-run',
    ],
    load: async () => (await import('./people.ts')).queueExpire,
  });
  expire
    .option('--visitor <REF...>', 'these')
    .option('--silent-for <D>', 'whoever was not heard for so long')
    .option('--all', 'everybody; only while paused');
  overrideOption(mutationOptions(expire));

  const remove = add(queue, 'remove <EVT> <REF>', {
    summary: 'end the place of one visitor',
    examples: [
      'tacos queue remove evt_demo v_abcd2345 --reason "asked by phone"',
      'tacos queue remove evt_demo user:mina --dry-run',
    ],
    load: async () => (await import('./people.ts')).queueRemove,
  });
  mutationOptions(remove);

  const flush = add(queue, 'flush <EVT>', {
    summary: 'empty a test event: every place, every grant',
    examples: [
      'tacos queue flush evt_demo --dry-run',
      'tacos queue flush evt_demo --confirm evt_demo --reason "next rehearsal"',
    ],
    load: async () => (await import('./people.ts')).queueFlush,
  });
  mutationOptions(flush);

  const message = add(queue, 'message <EVT> [TEXT...]', {
    summary: 'a line of text that everybody who waits sees',
    examples: [
      'tacos queue message evt_demo "Doors at 19:00" --for 30m',
      'tacos queue message evt_demo --clear',
    ],
    load: async () => (await import('./message.ts')).queueMessage,
  });
  message.option('--clear', 'take it back').option('--for <D>', 'it goes by itself after this time');
  mutationOptions(message);
}

/** settings get and set. */
export function settingsCommands(queue: Command, add: Register): void {
  const settings = queue.command('settings').description('who may enter, and when silence counts');
  add(settings, 'get <EVT>', {
    summary: 'window, tiers, presence and limits in force',
    examples: ['tacos queue settings get evt_demo', 'tacos queue settings get evt_demo -o yaml'],
    load: async () => (await import('./settings.ts')).settingsGet,
  });
  const set = add(settings, 'set <EVT>', {
    summary: 'change window, tiers, presence, limits or challenge',
    examples: [
      'tacos queue settings set evt_demo --window 400',
      'tacos queue settings set evt_demo --tier 1-10=0s 11-50=2s 51-=5s',
      'tacos queue settings set evt_demo --window default --dry-run',
      'tacos queue settings set evt_demo --challenge 16',
    ],
    load: async () => (await import('./settings.ts')).settingsSet,
  });
  set
    .option('--window <N>', 'places from the front that may enter; default = follows the refill')
    .option('--tier <A-B=D...>', 'positions A to B enter after waiting D; 51-=5s = the rest')
    .option('--presence <D>', 'silence after which a place is stepped around')
    .option('--claim <D>', 'ready for so long without entering: stepped around')
    .option(
      '--max-waiting <N>',
      'people at most, 0 = no limit',
      numberFlag({ min: 0, max: 100_000_000, whole: true }),
    )
    .option(
      '--challenge <BITS>',
      'proof of work of a join, leading zero bits; 0 = none',
      numberFlag({ min: 0, max: challengeBitsMax, whole: true }),
    );
  overrideOption(mutationOptions(set));
}
