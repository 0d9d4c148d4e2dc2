/** The adaptive brake in a few words. */
import type { QueueSnapshot } from '../../contract/snapshot.ts';
import { plain } from '../output/format.ts';

/** `brake 40% of 50/s: payment p95 900 ms`, `would brake to 40%: …` in shadow mode; '' while it does nothing. */
export const brakeText = (snapshot: Braked): string =>
  inWords(snapshot, {
    brakes: `of ${plain(snapshot.bucket.refillPerSec.now)}/s`,
    would: 'would brake to',
  });

/** The same where there is little room: `brake 40%: payment p95 900 ms`, `would be 40%: …`. */
export const brakeShort = (snapshot: Braked): string => inWords(snapshot, { brakes: '', would: 'would be' });

type Braked = Pick<QueueSnapshot, 'brake' | 'bucket'>;

function inWords({ brake }: Braked, words: { brakes: string; would: string }): string {
  if (brake === null) return '';
  const why = brake.reason === null ? '' : `: ${brake.reason}`;
  if (brake.ratio < 1) return `${`brake ${percent(brake.ratio)} ${words.brakes}`.trim()}${why}`;
  const { wouldBe = 1 } = brake;
  return wouldBe < 1 ? `${words.would} ${percent(wouldBe)}${why}` : '';
}

/** What the bucket is refilled by now, the brake taken into account. */
export const refillInForce = ({ brake, bucket }: Braked): number =>
  bucket.refillPerSec.now * (brake?.ratio ?? 1);

const percent = (share: number): string => `${Math.round(share * 100)}%`;
