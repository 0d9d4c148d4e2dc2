/**
 * What each part costs a request, against the same request without it: limits, traces, JWTs, and a whole reservation.
 * Gateways that differ in one setting stand on one Redis and take turns, so what else runs on the machine meets all of
 * them; differences are taken within a round. What QueueService costs is the case `grpc`.
 */
import { startBackends } from '../../helpers/backends.ts';
import type { Case } from '../lib/case.ts';
import { jwtAlgorithms } from '../lib/load-jobs.ts';
import { scriptCall, wireCommands } from '../lib/redis-info.ts';
import { type Cost, Rig } from '../lib/rig.ts';
import { median, type Row, reported, show } from '../lib/rows.ts';
import { type KeyProvider, startKeyProvider, startTraceSink, type TraceSink } from '../lib/surroundings.ts';

/** Reservations under way at a time: the simulated services, one process, answer these well within the deadline. */
const reserving = 8;
/** Polls of one place in a row; its limit lets 100 pass at once and 50 each second. */
const hastyPolls = 400;

const variants = [
  { name: 'everything at its default', more: {} },
  { name: 'rate limits off', more: { RATE_LIMIT_ENABLED: 'false' } },
  { name: 'traces, 10 % sampled', more: traced('0.1') },
  { name: 'traces, all sampled', more: traced('1') },
] as const;
type Variant = (typeof variants)[number]['name'];
const usual: Variant = 'everything at its default';

function traced(rate: string): Record<string, string> {
  return { OBSERVABILITY_TRACING_ENABLED: 'true', OBSERVABILITY_SAMPLE_RATE: rate };
}

interface Stage {
  readonly rigs: ReadonlyMap<Variant, Rig>;
  readonly provider: KeyProvider;
  readonly costs: Costs;
}

/** What was measured, by its words, in the order of the rounds. */
class Costs {
  private readonly all = new Map<string, Cost[]>();

  add(what: string, cost: Cost): void {
    this.all.set(what, [...(this.all.get(what) ?? []), cost]);
  }

  /** A row for each, and what it is more than the one named `against` of the same round. */
  rows(request: string, against: string): Row[] {
    const base = this.all.get(`${request}, ${against}`);
    return [...this.all]
      .filter(([what]) => what.startsWith(`${request}, `))
      .map(([what, costs]) => this.row(what, costs, costs === base ? undefined : base));
  }

  private row(what: string, costs: readonly Cost[], base: readonly Cost[] | undefined): Row {
    const of = (figure: (cost: Cost) => number): number => median(costs.map(figure));
    const more =
      base && Math.round(median(costs.map((cost, round) => sum(cost) - sum(base[round] ?? cost))) * 10) / 10;
    const detail =
      `gateway ${show(of((cost) => cost.gatewayUs))} + Redis ${show(of((cost) => cost.redisUs))}` +
      (more === undefined ? '' : `; ${more < 0 ? '−' : '+'}${show(Math.abs(more))} in the same rounds`);
    return reported(what, { figure: of(sum), unit: 'µs', detail });
  }
}

const sum = ({ gatewayUs, redisUs }: Cost): number => gatewayUs + redisUs;

export const parts: Case = {
  name: 'parts',
  async run({ short, say }) {
    const rounds = short ? 1 : 5;
    const counts = short
      ? { plain: 3_000, jwt: 1_000, seats: 500 }
      : { plain: 10_000, jwt: 5_000, seats: 1_500 };
    const [provider, sink, backends] = [
      await startKeyProvider(),
      await startTraceSink(),
      await startBackends({ seats: counts.seats }),
    ];
    const settings = {
      JWT_JWKS_ENDPOINT: provider.endpoint,
      OBSERVABILITY_OTLP_ENDPOINT: sink.endpoint,
      ...backends.env,
    };
    const rig = await Rig.start(settings);
    try {
      const rigs = await open(rig, settings);
      const stage: Stage = { rigs, provider, costs: new Costs() };
      for (const each of rigs.values()) await each.warmUp(counts.plain);
      for (let round = 0; round < rounds; round += 1) {
        say(`each part in turn, round ${round + 1} of ${rounds}`);
        await wires(stage, round, counts.plain);
        await tokens(stage, round, counts.jwt);
        stage.costs.add('reservation, HTTP to backend', await reserve(rig, counts.seats));
      }
      say('the limits are really on, spans are sent, commands of a reservation');
      await checkLimits(rigs);
      checkTraces(sink);
      return [
        ...stage.costs.rows('join', usual),
        ...stage.costs.rows('status', usual),
        ...stage.costs.rows('reservation', ''),
        await reservationCommands(rig, counts.seats),
      ];
    } finally {
      await rig.stop();
      await backends.stop();
      provider.close();
      sink.close();
    }
  },
};

async function open(rig: Rig, settings: Record<string, string>): Promise<Map<Variant, Rig>> {
  const rigs = new Map<Variant, Rig>([[usual, rig]]);
  for (const { name, more } of variants)
    if (name !== usual) rigs.set(name, await rig.beside({ ...settings, ...more }));
  return rigs;
}

/** Joins and polls through each gateway; each round begins with another one. */
async function wires({ rigs, costs }: Stage, round: number, count: number): Promise<void> {
  for (const [name, rig] of turned([...rigs], round)) {
    const event = await rig.redis.makeEvent();
    costs.add(`join, ${name}`, await rig.join(event, count));
    costs.add(`status, ${name}`, await rig.poll(event, count));
  }
}

/** Joins of people with JWTs never seen, then of the same people to another event. */
async function tokens({ rigs, provider, costs }: Stage, round: number, count: number): Promise<void> {
  const rig = rigOf(rigs, usual);
  for (const alg of turned(jwtAlgorithms, round)) {
    const people = `${alg}-${round}`;
    const key = alg === 'HS256' ? {} : { jwtKey: provider.keys[alg] };
    for (const seen of ['new', 'seen before']) {
      const event = await rig.redis.makeEvent();
      costs.add(`join, ${alg} JWT ${seen}`, await rig.join(event, count, { identity: alg, people, ...key }));
    }
  }
}

const turned = <T>(all: readonly T[], by: number): T[] => {
  const at = by % all.length;
  return [...all.slice(at), ...all.slice(0, at)];
};

function rigOf(rigs: ReadonlyMap<Variant, Rig>, name: Variant): Rig {
  const rig = rigs.get(name);
  if (rig === undefined) throw new Error(`there is no gateway with ${name}`);
  return rig;
}

const reserve = async (rig: Rig, count: number): Promise<Cost> =>
  rig.reserve(await rig.redis.makeEvent(), count, reserving);

/** Script calls and other commands of a reservation, without what the gateways send all the time. */
async function reservationCommands(rig: Rig, count: number): Promise<Row> {
  let perSec = 1;
  const sent = await wireCommands(rig.redis.client, async () => {
    perSec = (await reserve(rig, count)).perSec;
  });
  const calls = (sent.get(scriptCall) ?? 0) / perSec;
  const detail = 'script calls, those of all gateways in the background included';
  return reported('Redis commands of a reservation', { figure: calls, unit: '', detail });
}

/**
 * No load above met a limit, or it would have been a wrong answer. Here a place in a hurry meets its own, except where
 * limits are off. @throws Error when it is otherwise
 */
async function checkLimits(rigs: ReadonlyMap<Variant, Rig>): Promise<void> {
  for (const [name, rig] of rigs) {
    const metrics = await (await fetch(`http://127.0.0.1:${rig.gateway.port}/metrics`)).text();
    const dropped = [...metrics.matchAll(/^ratelimit_dropped_total\S* (\d+)/gm)].map(([, count]) => count);
    if (dropped.some((count) => count !== '0')) throw new Error(`the load met limits of ${name}: ${dropped}`);
    const limited = await limitedPolls(rig);
    if (limited > 0 !== (name !== 'rate limits off'))
      throw new Error(`${name}: ${limited} polls were limited`);
  }
}

async function limitedPolls(rig: Rig): Promise<number> {
  const api = `http://127.0.0.1:${rig.gateway.port}/api/v1/queue`;
  const joined = await fetch(`${api}/join`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ event_id: await rig.redis.makeEvent() }),
  });
  const { waiting_token: token } = (await joined.json()) as { waiting_token: string };
  const polls = Array.from({ length: hastyPolls }, async () => {
    const answer = await fetch(`${api}/status?token=${token}`);
    await answer.arrayBuffer();
    return answer.status;
  });
  return (await Promise.all(polls)).filter((status) => status === 429).length;
}

function checkTraces(sink: TraceSink): void {
  if (sink.messages() === 0) throw new Error('no span was sent');
}
