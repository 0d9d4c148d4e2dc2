/** What happens when in a random run: made from a seed alone. */
import { forkRandom, type Random } from '../../src/simulator/random.ts';

/** Faults of one gateway, or of its way to Redis; several gateways may have one at a time. */
export const gatewayFaults = ['kill', 'stop', 'delay', 'cut', 'half-open', 'slow', 'reset'] as const;
/** Faults of Redis that lose nothing. */
export const redisFaults = ['redis-stop'] as const;
/** Redis loses what it had answered, or may have: nothing else fails meanwhile. */
export const losses = ['redis-kill', 'aof-cut', 'aof-cut-twice', 'failover', 'wipe'] as const;
export const changes = ['bucket', 'pause'] as const;

export interface GatewayFault {
  readonly kind: (typeof gatewayFaults)[number];
  /** Which gateway, from 0 on. */
  readonly gateway: number;
  readonly forMs: number;
  /** Of a delay: one way, ms; of a slow reader: bytes a second. */
  readonly amount: number;
}

/** One thing after the other; the next begins when this has ended and its gap is over. */
export type Act =
  | { readonly kind: 'gateways'; readonly gapMs: number; readonly faults: readonly GatewayFault[] }
  | { readonly kind: (typeof redisFaults)[number]; readonly gapMs: number; readonly forMs: number }
  | { readonly kind: (typeof losses)[number]; readonly gapMs: number; readonly lostMs: number }
  | {
      readonly kind: 'bucket';
      readonly gapMs: number;
      readonly refillPercent: number;
      readonly capacity: number;
    }
  | { readonly kind: 'pause'; readonly gapMs: number; readonly forMs: number };

/** Losses of one run: of more than that in ten minutes, or at once, nothing is promised (docs/reliability.md). */
export const lossesMax = 6;

/** More acts than a run of `seconds` can hold: whoever plays them stops when the time is up. */
export function makeTimetable(seed: number, seconds: number): Act[] {
  const random = forkRandom(seed, 1_000_000);
  const acts: Act[] = [];
  let lost = 0;
  for (let count = 0; count < seconds; count += 1) {
    const act = drawAct(random, lost < lossesMax);
    if (isLoss(act)) lost += act.kind === 'aof-cut-twice' ? 2 : 1;
    acts.push(act);
  }
  return acts;
}

export const isLoss = (act: Act): act is Extract<Act, { lostMs: number }> => 'lostMs' in act;

/** An act in a line, for the head of a history. */
export const actText = (act: Act): string =>
  Object.entries(act)
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ');

function drawAct(random: Random, mayLose: boolean): Act {
  const between = (from: number, to: number): number => Math.round(from + (to - from) * random());
  const gapMs = between(300, 2_000);
  const dice = random();
  if (dice < 0.18) {
    return { kind: 'bucket', gapMs, refillPercent: between(30, 150), capacity: between(10, 60) };
  }
  if (dice < 0.25) return { kind: 'pause', gapMs, forMs: between(500, 3_000) };
  if (dice < 0.36) return { kind: 'redis-stop', gapMs, forMs: between(1_000, 6_000) };
  if (dice < 0.62 && mayLose) return drawLoss(random, gapMs, between(1_000, 3_000));
  const order = [0, 1, 2].map((gateway) => ({ gateway, by: random() })).toSorted((a, b) => a.by - b.by);
  const faults = order
    .slice(0, random() < 0.4 ? 2 : 1)
    .map(({ gateway }) => drawGatewayFault(random, gateway));
  return { kind: 'gateways', gapMs, faults };
}

function drawLoss(random: Random, gapMs: number, lostMs: number): Act {
  const dice = random();
  if (dice < 0.25) return { kind: 'redis-kill', gapMs, lostMs };
  if (dice < 0.55) return { kind: 'aof-cut', gapMs, lostMs };
  if (dice < 0.65) return { kind: 'aof-cut-twice', gapMs, lostMs };
  // Rarely, as every one of them is a wait of 5 s.
  return dice < 0.92 ? { kind: 'failover', gapMs, lostMs: 2_000 } : { kind: 'wipe', gapMs, lostMs: 0 };
}

function drawGatewayFault(random: Random, gateway: number): GatewayFault {
  const kind = gatewayFaults[Math.floor(random() * gatewayFaults.length)] ?? 'kill';
  const between = (from: number, to: number): number => Math.round(from + (to - from) * random());
  const forMs =
    kind === 'reset' || kind === 'half-open' ? 0 : between(1_000, kind === 'stop' ? 8_000 : 5_000);
  const amount = kind === 'delay' ? between(50, 800) : kind === 'slow' ? between(0, 4_000) : 0;
  return { kind, gateway, forMs, amount };
}
