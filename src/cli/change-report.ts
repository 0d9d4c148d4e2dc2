/** Shows what a change would do and what it did, in the format that was asked for. */
import type { ChangeReply, Plan } from '../contract/actions.ts';
import type { Cli } from './cli.ts';
import { type Format, printResult } from './output/document.ts';
import { planText } from './plan-text.ts';
import { receiptText } from './receipt-text.ts';

/** Formats for people: plans, questions and receipts are sentences there. */
export const isForPeople = (output: Format): boolean => output === 'table' || output === 'wide';

/** Writes the plan on stderr; with --quiet only where somebody is asked about it. Returns the warnings it has told. */
export function showPlan(
  { runtime, flags }: Cli,
  { plan, badge, context, isAsked }: { plan: Plan; badge: string; context: string; isAsked: boolean },
): readonly string[] {
  if (!isForPeople(flags.output) || (flags.quiet && !isAsked)) return [];
  runtime.stderr.write(planText(plan, { badge, context }));
  return [...plan.warnings, ...plan.items.flatMap(({ warnings }) => warnings)];
}

/** What `--dry-run` prints: the plan itself for programs. */
export async function printPlan(
  cli: Cli,
  { plan, context, isRefused }: { plan: Plan; context: string; isRefused: boolean },
): Promise<void> {
  if (isForPeople(cli.flags.output)) {
    cli.runtime.stdout.write(`dry run: nothing was changed${isRefused ? '; it would be refused' : ''}\n`);
    return;
  }
  const { asOf, warnings } = plan;
  const result = {
    kind: 'Plan',
    context,
    asOf,
    items: [plan],
    single: true,
    columns: [],
    warnings: [...warnings],
  };
  await printResult(cli.runtime, { ...result, name: ({ hash }) => hash }, cli.flags);
}

/** Sentences for people; `told`: warnings that the plan told, which are not told again. */
export function writeReceipt(
  cli: Cli,
  reply: ChangeReply,
  { contextFlag, told }: { readonly contextFlag: string; readonly told: readonly string[] },
): void {
  const fresh = reply.warnings.filter((warning) => !told.includes(warning));
  for (const warning of fresh) cli.runtime.stderr.write(`warning: ${warning}\n`);
  const none = 'ok: there is no event that it concerns, nothing was changed\n';
  cli.runtime.stdout.write(reply.results.length === 0 ? none : receiptText(reply, { contextFlag }));
}

/** For programs: the reply as one document; line by line (jsonl, name) one result an event. */
export function printChange(cli: Cli, context: string, reply: ChangeReply): Promise<void> {
  const { asOf, warnings, results } = reply;
  // A copy: YAML writes the same list twice as an alias.
  const base = { kind: 'Change', context, asOf, warnings: [...warnings], columns: [] };
  if (cli.flags.output === 'json' || cli.flags.output === 'yaml') {
    return printResult(cli.runtime, { ...base, items: [reply], single: true, name: () => '' }, cli.flags);
  }
  const name = ({ auditId, event }: (typeof results)[number]): string => auditId ?? event ?? '-';
  return printResult(cli.runtime, { ...base, items: results, name }, cli.flags);
}

/** The reply where nothing needs to change: nothing is sent. */
export const unchangedReply = ({ asOf, action, items, warnings }: Plan): ChangeReply => ({
  kind: 'Change',
  asOf,
  action,
  results: items.map(({ event, revision, rows }) => ({
    event,
    auditId: null,
    applied: false,
    revision,
    rows,
  })),
  warnings: [...warnings],
});
