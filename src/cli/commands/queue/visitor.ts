import type { VisitorStory } from '../../../contract/visitors.ts';
import type { Cli } from '../../cli.ts';
import { formatDuration } from '../../duration.ts';
import { count } from '../../output/format.ts';
import { dateTime } from '../../times.ts';
import { type KeyValue, printStory } from '../key-values.ts';
import { checkRef } from './people.ts';

/** `tacos queue visitor EVT REF`: one visitor's story, with the status body that they get now. */
export async function queueVisitor(cli: Cli, [event = '', ref = '']: readonly string[]): Promise<void> {
  checkRef(ref);
  const { api, context } = await cli.connect('read');
  const [{ asOf, item, warnings }, { timeZone }] = await Promise.all([
    api.visitor(event, ref),
    api.event(event).then(({ item: { timeZone } }) => ({ timeZone })),
  ]);
  await printStory(
    cli,
    { kind: 'Visitor', context: context.name, asOf, item, warnings, name: ({ visitor }) => visitor },
    (story) => storyLines(story, { asOf, timeZone }),
  );
}

/** The story as lines; times in the event's zone with their age. Pure. */
export function storyLines(
  story: VisitorStory,
  { asOf, timeZone }: { asOf: string; timeZone: string },
): KeyValue[] {
  const { status, position, joinedAt, enteredAt, awaySince, awayReason, answered, refusals, statusBody } =
    story;
  const when = (at: string | null): string => {
    if (at === null) return '-';
    const agoSec = (Date.parse(asOf) - Date.parse(at)) / 1_000;
    return `${dateTime(at, timeZone)}  ${formatDuration(agoSec)} ago`;
  };
  const entered = (): string => {
    if (enteredAt === null || enteredAt === undefined) return 'at a time that is no longer known';
    const waitedSec = Math.max(0, (Date.parse(enteredAt) - Date.parse(joinedAt)) / 1_000);
    return `${when(enteredAt)}, after ${formatDuration(waitedSec)} in the line`;
  };
  const reasons: KeyValue[] = refusals.map(({ at, reason }, index) => [
    index === 0 ? 'refused' : '',
    `${dateTime(at, timeZone)}  ${reason}`,
  ]);
  const body =
    statusBody === null ? ['- (no gateway answered)'] : JSON.stringify(statusBody, null, 2).split('\n');
  return [
    ['visitor', story.visitor],
    ['event', story.event],
    ['status', position === null || position === 0 ? status : `${status}, position ${count(position)}`],
    ['joined', when(joinedAt)],
    ...(status === 'entered' ? [['entered', entered()] as const] : []),
    ['first poll', when(story.firstPollAt)],
    ['last poll', when(story.lastPollAt)],
    ['polls', `${count(story.polls)} (${answered.workers} of ${answered.of} gateway processes answered)`],
    ['away', awaySince === null ? '-' : `${awayReason ?? 'away'} since ${when(awaySince)}`],
    ...(reasons.length === 0 ? ([['refused', '-']] as const) : reasons),
    ...body.map((line, index): KeyValue => [index === 0 ? 'status body' : '', line]),
  ];
}
