/** Figures that several panes say alike. Pure: a snapshot in, text or numbers out. */
import type { QueueSnapshot } from '../../contract/snapshot.ts';
import { formatDuration } from '../duration.ts';
import { count, rate } from '../output/format.ts';
import { refillInForce } from '../watch/brake-text.ts';
import type { Tone } from './text.ts';

/** Redis takes one core at most: warn and alarm above these, %. */
export const redisCpu = { warn: 70, crit: 85 };
/** Below this share of the refill, admissions lag while people wait. */
export const refillShareGood = 0.8;
/** The fallback estimate goes no further than that, s. */
export const etaClampSec = 600;
/** Below this the estimate is a rough guess. */
const confidenceGood = 0.6;
/** What an estimate without admissions to rest on has. */
const confidenceFallback = 0.2;
/** Admissions above the refill that one window of 10 s may hold: the bucket, and the bounded overdraft. */
const overdraft = 10;

/** How the line moves, as people a minute: `-2,910/min`, `-/min` where it is not known yet. */
export function trendText(perSec: number | undefined): string {
  if (perSec === undefined) return '-/min';
  // Less than one a minute is none, without a sign.
  const perMin = Math.round(perSec * 60) || 0;
  return `${perMin > 0 ? '+' : ''}${count(perMin)}/min`;
}

/** Beyond this nobody knows how many will join, s. */
const emptyInSecMax = 24 * 3_600;

/**
 * Seconds until the line is empty if it goes on getting shorter as of late; undefined = it does not, or not in a day.
 * `netPerSec` = how fast it grows, over a minute: the rates of one snapshot are of 10 s, and jump.
 */
export function emptyInSec(
  { waiting, paused }: Pick<QueueSnapshot, 'waiting' | 'paused'>,
  netPerSec: number | undefined,
): number | undefined {
  if (netPerSec === undefined || netPerSec >= -0.01 || waiting === 0 || paused) return undefined;
  const sec = waiting / -netPerSec;
  return sec <= emptyInSecMax ? sec : undefined;
}

/** Admissions as a share of the refill that operators set. */
export const refillShare = ({ admitPerSec, bucket }: QueueSnapshot): number =>
  bucket.refillPerSec.now > 0 ? admitPerSec / bucket.refillPerSec.now : 0;

/** People could enter, yet fewer do than the refill allows. */
export function admitsTooFew(snapshot: QueueSnapshot): boolean {
  const isHeld = snapshot.paused || snapshot.phase === 'closed' || snapshot.phase === 'scheduled';
  const isLow = refillShare(snapshot) < refillShareGood * (snapshot.brake?.ratio ?? 1);
  return isLow && snapshot.waiting > snapshot.bucket.window && !isHeld;
}

/** Admissions a second beyond what the bucket allows over 10 s; 0 unless something is badly wrong. */
export function overLimit({ admitPerSec, bucket }: QueueSnapshot): number {
  const stock = (bucket.capacity.now + overdraft) / 10;
  return Math.max(0, admitPerSec - bucket.refillPerSec.now - stock);
}

/** Beyond this, or while the refill ramps, when the bucket is full is a guess that nobody should plan with, s. */
const fullInSecMax = 600;

/** Tokens gained a second, and what that leads to. */
export function filling(snapshot: QueueSnapshot): { gain: string; fullIn: string } {
  const { bucket, admitPerSec, paused } = snapshot;
  const share = bucket.tokens / bucket.capacity.now;
  const perSec = paused || share >= 1 ? 0 : refillInForce(snapshot) - admitPerSec;
  const rounded = Math.round(perSec * 10) / 10 || 0;
  const gain = `${rounded >= 0 ? '+' : ''}${rate(rounded)}/s`;
  if (share >= 1) return { gain, fullIn: 'full' };
  const isRamping = bucket.refillPerSec.now !== bucket.refillPerSec.target;
  if (perSec <= 0.05 || isRamping) return { gain, fullIn: '' };
  const sec = (bucket.capacity.now - bucket.tokens) / perSec;
  return { gain, fullIn: sec < fullInSecMax ? `full in ${formatDuration(sec)}` : '' };
}

/** Share of the bucket that is full, whole %, of the whole tokens shown beside it. */
export const fullPercent = ({ bucket }: QueueSnapshot): number =>
  Math.floor((Math.max(0, Math.floor(bucket.tokens)) / bucket.capacity.now) * 100);

/** Whether an estimate is the fallback's, at its end: longer than that is all that is known. */
export const isClamped = (sec: number, confidence: number): boolean =>
  sec >= etaClampSec && confidence <= confidenceFallback;

/** A wait as shown: `6m51s`, `~4m10s` for a rough guess, `>10m` at the clamp. */
export function etaText(sec: number, confidence: number): { text: string; tone: Tone } {
  const isRough = confidence < confidenceGood;
  const text = isClamped(sec, confidence) ? `>${etaClampSec / 60}m` : formatDuration(sec);
  return { text: isRough && !text.startsWith('>') ? `~${text}` : text, tone: isRough ? 'dim' : 'plain' };
}

/** Confidence as a number and a word: `conf 1.00 HIGH`. */
export function confidenceText(confidence: number): string {
  const word = confidence >= 1 ? 'HIGH' : confidence >= confidenceGood ? 'MEDIUM' : 'LOW';
  return `conf ${confidence.toFixed(2)} ${word}`;
}

/** Redis's CPU: how bad it is. */
export const cpuTone = (percent: number | null): Tone =>
  percent === null || percent <= redisCpu.warn ? 'plain' : percent > redisCpu.crit ? 'bad' : 'warn';

/** `0.02%`, `-` where it is not known. */
export const percent = (value: number | null, digits: number): string =>
  value === null ? '-' : `${value.toFixed(digits)}%`;
