import type { CrowdSettings } from './options.ts';
import { forkRandom, type Random } from './random.ts';

/** What kind of visitor someone is. */
export const visitorKinds = ['normal', 'noShow', 'neverEnter', 'leaver'] as const;
export type VisitorKind = (typeof visitorKinds)[number];

/** Everything about one visitor that is settled before they come. */
export interface VisitorPlan {
  /** Counts from 0 in the order of arrival. */
  readonly index: number;
  readonly kind: VisitorKind;
  /** Only for a no-show: the moment at which they vanish. */
  readonly vanishAt: 'join' | 'ready';
  /** Who they are when they enter, and in joins by subject. */
  readonly userId: string;
  /** What X-Forwarded-For says: one address of 10.0.0.0/8 each. */
  readonly address: string;
  /** What makes a repeated join the same: an Idempotency-Key, or the bearer token's subject. */
  readonly joinBy: 'key' | 'subject';
  /** Long enough that an anonymous visitor gets their place again by it. */
  readonly idempotencyKey: string;
  readonly joinCopies: number;
  /** Pause between ready and enter, ms. */
  readonly thinkMs: number;
  /** Only for a leaver: how long after the join they leave, ms. */
  readonly patienceMs: number;
  /** Only for who buys. */
  readonly purchase: PurchasePlan | undefined;
  /** For what cannot be known before, such as the jitter of retries. */
  readonly random: Random;
}

/** What a buyer does after the enter. */
export interface PurchasePlan {
  /** Seats to buy, whichever are free. */
  readonly quantity: number;
  /** How the payment goes; `never` = it is never begun, and the hold ends by itself. */
  readonly payment: 'approve' | 'fail' | 'delay' | 'never';
  /** Share of the requests that are sent in copies and again. */
  readonly repeat: number;
}

/** Draws visitor `index` of a crowd: the same for the same seed, whatever the others do. */
export function planVisitor(settings: CrowdSettings, index: number): VisitorPlan {
  const random = forkRandom(settings.seed, index);
  const kind = kindAt(settings, random());
  const vanishDraw = random();
  const isDouble = random() < settings.doubleClick;
  // Half of those who click twice are signed in, so that both ways to recognise a person are raced.
  const isSignedIn = random() < (isDouble ? Math.max(0.5, settings.signedIn) : settings.signedIn);
  return {
    index,
    kind,
    vanishAt: settings.noShowAt === 'either' ? (vanishDraw < 0.5 ? 'join' : 'ready') : settings.noShowAt,
    userId: `sim-${settings.runId}-${index}`,
    address: addressOf(index),
    joinBy: isSignedIn ? 'subject' : 'key',
    idempotencyKey: `simulated-visitor-${settings.runId}-${index}`,
    joinCopies: isDouble ? settings.joinCopies : 1,
    thinkMs: random() * settings.thinkMaxMs,
    patienceMs: random() * settings.leaveWithinMs,
    purchase: settings.buy > 0 ? purchaseOf(settings, random) : undefined,
    random,
  };
}

function purchaseOf(settings: CrowdSettings, random: Random): PurchasePlan | undefined {
  const [isBuyer, isPair, draw] = [random() < settings.buy, random() < 0.5, random()];
  if (!isBuyer) return undefined;
  return { quantity: isPair ? 2 : 1, payment: paymentAt(settings, draw), repeat: settings.repeat };
}

function paymentAt({ neverPay, payFail, paySlow }: CrowdSettings, draw: number): PurchasePlan['payment'] {
  if (draw < neverPay) return 'never';
  if (draw < neverPay + payFail) return 'fail';
  return draw < neverPay + payFail + paySlow ? 'delay' : 'approve';
}

function kindAt({ noShow, neverEnter, leave }: CrowdSettings, draw: number): VisitorKind {
  if (draw < noShow) return 'noShow';
  if (draw < noShow + neverEnter) return 'neverEnter';
  return draw < noShow + neverEnter + leave ? 'leaver' : 'normal';
}

/** The address of visitor `index`; 16 million differ. */
export function addressOf(index: number): string {
  const host = index + 1;
  return `10.${(host >> 16) & 255}.${(host >> 8) & 255}.${host & 255}`;
}
