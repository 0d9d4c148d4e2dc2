import type { AuditEntry } from '../../../contract/audit.ts';
import { auditPageMax } from '../../../contract/limits.ts';
import type { AdminApi } from '../../admin-api.ts';
import { checkEventId } from '../../change-flags.ts';
import type { Cli } from '../../cli.ts';
import { parseDuration } from '../../duration.ts';
import { usageError } from '../../errors.ts';
import { printResult } from '../../output/document.ts';
import type { Column } from '../../output/table.ts';

const columns: readonly Column<AuditEntry>[] = [
  { head: 'AT', value: ({ at }) => at.replace(/\.\d+Z$/, 'Z') },
  { head: 'AUDIT', value: ({ auditId }) => auditId },
  { head: 'EVENT', value: ({ event }) => event ?? undefined },
  { head: 'ACTOR', value: ({ actor }) => actor },
  { head: 'SUMMARY', value: ({ summary }) => summary },
  { head: 'ACTION', value: ({ action }) => action, wide: true },
  { head: 'REASON', value: ({ reason }) => reason, wide: true },
  { head: 'TICKET', value: ({ ticket }) => ticket, wide: true },
  { head: 'VERSION', value: ({ revision }) => revision || undefined, align: 'right', wide: true },
  { head: 'PLAN', value: ({ planHash }) => planHash?.slice(0, 12), wide: true },
  { head: 'UNDONE_BY', value: ({ undoneBy }) => undoneBy, wide: true },
];

/** Flags of `tacos audit list`. */
export interface AuditListFlags {
  readonly event?: string;
  readonly limit?: number;
  /** A duration, or a time with its offset. */
  readonly since?: string;
}

const limitDefault = 20;

/** `tacos audit list`, newest first. */
export async function auditList(cli: Cli, _args: readonly string[], flags: AuditListFlags): Promise<void> {
  const { event, limit = limitDefault, since } = flags;
  if (event !== undefined) checkEventId(event);
  const sinceMs = since === undefined ? undefined : sinceOf(since, cli.runtime.clock.now());
  const { api, context } = await cli.connect('read');
  const { asOf, items, warnings } = await collectEntries(api, { event, limit, sinceMs });
  const result = { kind: 'AuditList', context: context.name, asOf, items, warnings, columns };
  await printResult(cli.runtime, { ...result, name: ({ auditId }) => auditId }, cli.flags);
}

type AuditReply = Awaited<ReturnType<AdminApi['audit']>>;

/** Page after page until there are enough, none is left, or they are too old. */
export async function collectEntries(
  api: Pick<AdminApi, 'audit'>,
  query: { event: string | undefined; limit: number; sinceMs: number | undefined },
): Promise<AuditReply> {
  const { event, limit, sinceMs = Number.NEGATIVE_INFINITY } = query;
  const entries: AuditEntry[] = [];
  let before: string | undefined;
  for (;;) {
    const wanted = Math.min(auditPageMax, limit - entries.length);
    const page = await api.audit({
      ...(event === undefined ? {} : { event }),
      limit: wanted,
      ...(before === undefined ? {} : { before }),
    });
    const fresh = page.items.filter(({ at }) => Date.parse(at) >= sinceMs);
    entries.push(...fresh);
    const last = page.items.at(-1)?.auditId;
    const isOver = page.items.length < wanted || fresh.length < page.items.length;
    if (isOver || entries.length >= limit || last === undefined || last === before) {
      return { ...page, items: entries };
    }
    before = last;
  }
}

function sinceOf(text: string, nowMs: number): number {
  if (/^\d{4}-/.test(text)) {
    const ms = /(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(ms)) throw usageError(`--since "${text}" is not a time with its offset`);
    return ms;
  }
  return nowMs - parseDuration('--since', text);
}
