import type { BucketChange, ChangeReply } from '../../../contract/admin-api.ts';
import type { Cli, Connection } from '../../cli.ts';
import { parseDuration } from '../../duration.ts';
import { usageError } from '../../errors.ts';
import {
  changeKey,
  checkEnvironment,
  checkMutationFlags,
  consent,
  contextLine,
  type MutationFlags,
} from '../../mutation.ts';
import { printResult } from '../../output/document.ts';
import { planText, receiptText, weightOf } from './plan.ts';
import { checkBucketValues } from './values.ts';

/** Flags of `tacos bucket set`. */
export interface BucketSetFlags extends MutationFlags {
  readonly capacity?: number;
  /** A second. */
  readonly refill?: number;
  readonly ramp?: string;
  readonly for?: string;
}

/** `tacos bucket set EVT`: read, plan, consent, apply against the version that was planned on, receipt. */
export async function bucketSet(cli: Cli, event: string, flags: BucketSetFlags): Promise<void> {
  const change = changeOf(flags);
  const connection = await cli.connect('mutation');
  const { api, context } = connection;
  checkMutationFlags(flags, connection);
  const key = changeKey(flags);
  const { item: read } = await api.bucket(event);
  const badge = checkEnvironment(connection);
  const isText = cli.flags.output === 'table' || cli.flags.output === 'wide';
  const say = (text: string): unknown => isText && !cli.flags.quiet && cli.runtime.stderr.write(text);
  say(`${contextLine(badge, context.name, event)}\n`);
  const ifRevision = flags.ifVersion ?? read.revision;
  const plan = await api.changeBucket(
    event,
    { ...change, dryRun: true },
    { ifRevision, idempotencyKey: key },
  );
  say(planText(plan, change));
  if (flags.dryRun === true) {
    if (isText) cli.runtime.stdout.write('dry run: nothing was changed\n');
    else await print(cli, connection, plan);
    return;
  }
  await consent(cli, connection, { badge, weight: weightOf(plan.before, plan.after), flags });
  const done = await api.changeBucket(event, change, { ifRevision, idempotencyKey: key });
  if (isText) cli.runtime.stdout.write(receiptText(done));
  else await print(cli, connection, done);
}

function changeOf(flags: BucketSetFlags): BucketChange {
  const { capacity, refill, ramp, reason } = flags;
  if (capacity === undefined && refill === undefined) throw usageError('give --capacity, --refill or both');
  checkBucketValues(flags);
  return {
    ...(capacity === undefined ? {} : { capacity }),
    ...(refill === undefined ? {} : { refillPerSec: refill }),
    ...(ramp === undefined ? {} : { rampSec: parseDuration('--ramp', ramp) / 1000 }),
    ...(flags.for === undefined ? {} : { forSec: parseDuration('--for', flags.for) / 1000 }),
    ...(reason === undefined ? {} : { reason }),
  };
}

const print = (cli: Cli, { context }: Connection, change: ChangeReply): Promise<void> =>
  printResult(
    cli.runtime,
    {
      kind: 'Change',
      context: context.name,
      asOf: new Date(cli.runtime.clock.now()).toISOString(),
      items: [change],
      single: true,
      warnings: change.warnings,
      columns: [],
      name: ({ auditId, event }) => auditId ?? event,
    },
    cli.flags,
  );
