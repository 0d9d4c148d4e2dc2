/** A recovery in sentences: what runs, and the report of the last one. */
import { short } from '../../contract/alarm-row.ts';
import type { RecoveryView, recoveryCauses } from '../../contract/snapshot.ts';
import { counted } from './counted.ts';

const causes: Readonly<Record<(typeof recoveryCauses)[number], string>> = {
  run: 'Redis was restarted or failed over',
  behind: 'Redis lacked what gateways had seen',
  wipe: 'Redis had lost the event',
  tokens: 'Redis had lost the event, and only the visitors’ tokens were left',
};

/** What is going on, without a full stop. */
export function runningText({ state, unheard, entersHeldSec, ...rest }: NonNullable<RecoveryView>): string {
  const whom =
    unheard === 0
      ? 'the gateways are asked'
      : `${unheard} ${unheard === 1 ? 'gateway is' : 'gateways are'} not heard of yet`;
  const what = state === 'hearing' ? whom : 'the gateways give places back';
  const places = counted(rest.placesGivenBack + rest.placesByTokens);
  return `recovering for ${short(entersHeldSec)} s what Redis lost: ${what}, ${places} places are back, nobody is let in`;
}

/** What it came to, without a full stop. */
export function reportText(recovery: NonNullable<RecoveryView>): string {
  const { placesGivenBack, placesByTokens, joinsHeldSec, entersHeldSec } = recovery;
  const until = recovery.state === 'tokens' ? ` (they may until ${recovery.tokensUntil})` : '';
  return [
    `${causes[recovery.why]}: ${counted(placesGivenBack)} places given back by gateways`,
    `${counted(placesByTokens)} by visitors' tokens${until}`,
    `${counted(recovery.endsApplied)} ends applied`,
    `${short(joinsHeldSec)} s without joins`,
    `${short(entersHeldSec)} s without enters`,
    `numbers ${counted(recovery.fromSeq + 1)} to ${counted(recovery.fromSeq + recovery.skippedSeqs)} go to nobody new`,
  ].join(', ');
}
