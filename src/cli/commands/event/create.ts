import type { CreateEvent, EventView } from '../../../contract/admin-api.ts';
import { eventIdPattern } from '../../../contract/limits.ts';
import type { Cli } from '../../cli.ts';
import { usageError } from '../../errors.ts';
import {
  checkEnvironment,
  checkMutationFlags,
  consent,
  contextLine,
  type MutationFlags,
} from '../../mutation.ts';
import { printResult } from '../../output/document.ts';
import { plain } from '../../output/format.ts';
import { checkBucketValues } from '../bucket/values.ts';

/** Flags of `tacos event create`. */
export interface EventCreateFlags extends MutationFlags {
  readonly name?: string;
  readonly opensAt?: string;
  readonly prequeueFrom?: string;
  readonly timeZone?: string;
  readonly maxWaiting?: number;
  readonly capacity?: number;
  readonly refill?: number;
  readonly test?: boolean;
}

/** `tacos event create EVT`. */
export async function eventCreate(cli: Cli, event: string, flags: EventCreateFlags): Promise<void> {
  const input = inputOf(event, flags, cli.runtime.clock.now());
  const connection = await cli.connect('mutation');
  const { api, context } = connection;
  checkMutationFlags(flags, connection);
  await api.version();
  const badge = checkEnvironment(connection);
  const isText = cli.flags.output === 'table' || cli.flags.output === 'wide';
  if (isText && !cli.flags.quiet) {
    cli.runtime.stderr.write(`${contextLine(badge, context.name, event)}\n${planOf(input)}`);
  }
  if (flags.dryRun === true) {
    if (isText) cli.runtime.stdout.write('dry run: nothing was changed\n');
    else await print(cli, context.name, [], []);
    return;
  }
  await consent(cli, connection, { badge, weight: 'small', flags });
  const { item, warnings } = await api.createEvent(input);
  if (isText) {
    for (const warning of warnings) cli.runtime.stderr.write(`warning: ${warning}\n`);
    cli.runtime.stdout.write(`ok: event ${item.event} created, ${summaryOf(item)}\n`);
  } else await print(cli, context.name, [item], warnings);
}

function inputOf(event: string, flags: EventCreateFlags, nowMs: number): CreateEvent {
  if (!eventIdPattern.test(event)) {
    throw usageError(`"${event}" is not an event id: letters, digits, _ . : - and at most 64 of them`);
  }
  checkBucketValues(flags);
  const opensAt = timeFlag('--opens-at', flags.opensAt, nowMs);
  const prequeueFrom = timeFlag('--prequeue-from', flags.prequeueFrom, nowMs);
  if (prequeueFrom !== undefined && opensAt === undefined)
    throw usageError('--prequeue-from needs --opens-at');
  return {
    event,
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(opensAt === undefined ? {} : { opensAt }),
    ...(prequeueFrom === undefined ? {} : { prequeueFrom }),
    ...(flags.timeZone === undefined ? {} : { timeZone: flags.timeZone }),
    ...(flags.maxWaiting === undefined ? {} : { maxWaiting: flags.maxWaiting }),
    ...(flags.capacity === undefined ? {} : { capacity: flags.capacity }),
    ...(flags.refill === undefined ? {} : { refillPerSec: flags.refill }),
    ...(flags.test === undefined ? {} : { test: flags.test }),
    ...(flags.reason === undefined ? {} : { reason: flags.reason }),
  };
}

/** A time with its offset: a bare one would mean something else on every machine. */
function timeFlag(flag: string, text: string | undefined, nowMs: number): string | undefined {
  if (text === undefined) return undefined;
  const isWhole = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const ms = isWhole ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw usageError(`${flag} "${text}" is not a time with its offset, such as 2026-11-21T14:00:00+09:00`);
  }
  if (ms <= nowMs) throw usageError(`${flag} ${text} is in the past`);
  return new Date(ms).toISOString();
}

function planOf({ opensAt, prequeueFrom }: CreateEvent): string {
  const lines = [
    ...(opensAt === undefined ? [] : [`   opens at  ${opensAt}`]),
    ...(prequeueFrom === undefined ? [] : [`   prequeue  ${prequeueFrom}`]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

const summaryOf = ({ phase, refillPerSec, capacity }: EventView): string =>
  `${phase}, refill ${plain(refillPerSec)}/s, capacity ${plain(capacity)}`;

const print = (cli: Cli, context: string, items: EventView[], warnings: string[]): Promise<void> =>
  printResult(
    cli.runtime,
    {
      kind: 'Event',
      context,
      asOf: new Date(cli.runtime.clock.now()).toISOString(),
      items,
      single: true,
      warnings,
      columns: [],
      name: ({ event }) => event,
    },
    cli.flags,
  );
