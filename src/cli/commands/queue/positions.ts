import { type PositionRow, positionsPageMax } from '../../../contract/visitors.ts';
import type { Cli } from '../../cli.ts';
import { formatDuration } from '../../duration.ts';
import { CliError, usageError } from '../../errors.ts';
import { exitCodes } from '../../exit-codes.ts';
import { printResult } from '../../output/document.ts';
import { count } from '../../output/format.ts';
import type { Column } from '../../output/table.ts';
import { checkRef } from './people.ts';

const columns: readonly Column<PositionRow>[] = [
  { head: 'POS', value: ({ position }) => position ?? undefined, align: 'right' },
  { head: 'VISITOR', value: ({ visitor }) => visitor },
  { head: 'ETA', value: ({ etaSec }) => durationOf(etaSec), align: 'right' },
  { head: 'CONF', value: ({ confidence }) => confidence?.toFixed(2), align: 'right' },
  { head: 'WAITED', value: ({ waitedSec }) => formatDuration(waitedSec), align: 'right' },
  { head: 'BEAT', value: ({ heardSec }) => durationOf(heardSec), align: 'right' },
  { head: 'NOTE', value: ({ note }) => note ?? undefined },
  { head: 'JOINED', value: ({ joinedAt }) => joinedAt, wide: true },
];

const durationOf = (sec: number | null): string | undefined =>
  sec === null ? undefined : formatDuration(sec);

/** Flags of `tacos queue positions`. */
export interface PositionsFlags {
  readonly limit?: number;
  readonly from?: number;
  readonly visitor?: string;
}

const limitDefault = 20;

/** `tacos queue positions EVT`: a page of the line, away people below it; with --visitor the page starts at them. */
export async function queuePositions(
  cli: Cli,
  [event = '']: readonly string[],
  flags: PositionsFlags,
): Promise<void> {
  const { visitor, from: first, limit = limitDefault } = flags;
  if (visitor !== undefined && first !== undefined) throw usageError('give --from or --visitor, not both');
  if (visitor !== undefined) checkRef(visitor);
  const { api, context } = await cli.connect('read');
  const from = visitor === undefined ? (first ?? 1) : await positionOf(api, event, visitor);
  const list = await api.positions(event, { from, limit: Math.min(limit, positionsPageMax) });
  const { asOf, warnings, waiting, away } = list;
  // Away people come after the page, however many: the limit is for all rows.
  const items = list.items.slice(0, limit);
  const result = { kind: 'PositionList', context: context.name, asOf, items, warnings, columns };
  await printResult(cli.runtime, { ...result, name: (item) => item.visitor }, cli.flags);
  if (cli.flags.output === 'wide' && !cli.flags.quiet) {
    cli.runtime.stderr.write(`${count(waiting)} waiting, ${count(away)} away\n`);
  }
}

type Api = Awaited<ReturnType<Cli['connect']>>['api'];

async function positionOf(api: Api, event: string, ref: string): Promise<number> {
  const { item } = await api.visitor(event, ref);
  if (item.position !== null && item.position > 0) return item.position;
  const state = item.awaySince === null ? item.status : 'away';
  throw new CliError(`${item.visitor} has no position: ${state}`, {
    code: 'VISITOR_NOT_FOUND',
    exitCode: exitCodes.notFound,
    hint: `tacos queue visitor ${event} ${item.visitor}`,
  });
}
