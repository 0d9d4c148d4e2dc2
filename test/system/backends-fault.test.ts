import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reservationCallMs } from '../../src/contract/limits.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Answer, call, enterAt, type Fleet, joinAt, pause, startFleet } from '../helpers/fleet.ts';
import { type GrpcServices, goodAnswer, startGrpcServices } from '../helpers/grpc-services.ts';

/** Requests a second to each gateway: to its line, and for reservations. */
const linePerSec = 100;
const bookingsPerSec = 20;
const sliceMs = 700;
const slicesMin = 10;
const slicesMax = 30;
/** The first ones find code that has not run yet. */
const warmUpSlices = 2;
/** Each books every 2 s, which is after the end of their call before. */
const fans = 20;

interface Timed extends Answer {
  readonly tookMs: number;
}

async function timed(asked: Promise<Answer>): Promise<Timed> {
  const startedMs = performance.now();
  const answer = await asked;
  return { ...answer, tookMs: performance.now() - startedMs };
}

/** Begins `perSec` calls a second at even times for one slice, whatever they take, and waits for all. */
async function steadily<T>(perSec: number, begin: () => Promise<T>): Promise<T[]> {
  const startedMs = performance.now();
  const begun: Promise<T>[] = [];
  while (performance.now() - startedMs < sliceMs) {
    const due = ((performance.now() - startedMs) / 1000) * perSec;
    while (begun.length < due) begun.push(begin());
    await pause(1000 / perSec);
  }
  return Promise.all(begun);
}

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))] ?? 0;

/** A gateway, its own reservation service, and people who may book there. */
interface Side {
  readonly services: GrpcServices;
  readonly gateway: string;
  readonly tokens: string[];
  readonly bookings: readonly {
    readonly body: Record<string, unknown>;
    readonly headers: Record<string, string>;
  }[];
  /** p99 of the line in each slice, ms. */
  readonly p99s: number[];
  readonly reserved: Timed[];
  asked: number;
  booked: number;
}

describe('a gateway whose reservation service answers after 2 s', () => {
  let fleet: Fleet;
  let event: string;
  let well: Side;
  let ill: Side;

  beforeAll(async () => {
    fleet = await startFleet({ gateways: 0 });
    event = (await fleet.event({ capacity: 1_000, refillPerSec: 100, window: 1_000 })).id;
    [well, ill] = await Promise.all([newSide('well'), newSide('ill')]);
    for (const { gateway, tokens } of [well, ill]) {
      const joined = await Promise.all(Array.from({ length: 100 }, () => joinAt(gateway, event)));
      tokens.push(...joined.map(({ body }) => String(body.waiting_token)));
    }
  }, 60_000);
  afterAll(async () => {
    await fleet?.stop();
    await Promise.all([well?.services.stop(), ill?.services.stop()]);
  });

  async function newSide(name: string): Promise<Side> {
    const services = await startGrpcServices();
    const { url: gateway } = await fleet.addGateway(0, {
      BACKEND_RESERVATION_API_GRPC_ADDRESS: `127.0.0.1:${services.port}`,
    });
    const users = Array.from({ length: fans }, (_, each) => `${name}${each}`);
    const bookings = await Promise.all(users.map((user) => enterAs(user, gateway)));
    return { services, gateway, tokens: [], bookings, p99s: [], reserved: [], asked: 0, booked: 0 };
  }

  /** What somebody who was admitted books with. */
  async function enterAs(user: string, gateway: string): Promise<Side['bookings'][number]> {
    const { body } = await joinAt(gateway, event);
    const entered = await eventually(
      async () => {
        const answer = await enterAt(gateway, String(body.waiting_token), user);
        return answer.status === 200 && answer;
      },
      { withinMs: 15_000, everyMs: 200 },
    );
    const signedIn = {
      authorization: 'Bearer load-test-bypass-token',
      'x-load-test': 'true',
      'x-user-id': user,
    };
    return {
      body: {
        event_id: event,
        seat_ids: [`S-${user}`],
        reservation_token: entered.body.reservation_token,
      },
      headers: { ...signedIn, 'idempotency-key': `booking-of-${user}` },
    };
  }

  function askLine(side: Side): Promise<Timed> {
    const { gateway, tokens } = side;
    side.asked += 1;
    if (side.asked % 3 === 0) return timed(joinAt(gateway, event));
    const token = encodeURIComponent(tokens[side.asked % tokens.length] ?? '');
    return timed(call('GET', `${gateway}/api/v1/queue/status?token=${token}`));
  }

  /** Every other one books, with the key and pass of before; the others look at a reservation. */
  function book(side: Side): Promise<Timed> {
    side.booked += 1;
    const { headers, body } = side.bookings[(side.booked >> 1) % fans] ?? {};
    const address = `${side.gateway}/api/v1/reservations`;
    if (side.booked % 2 === 0) return timed(call('GET', `${address}/rsv_1`, { headers: headers ?? {} }));
    return timed(call('POST', address, { headers: headers ?? {}, body }));
  }

  /** Asks both gateways at once, so that what else this machine does falls on both alike. */
  async function slice(isMeasured: boolean): Promise<void> {
    await Promise.all(
      [well, ill].map(async (side) => {
        const [line, reserved] = await Promise.all([
          steadily(linePerSec, () => askLine(side)),
          steadily(bookingsPerSec, () => book(side)),
        ]);
        expect(line.every(({ status }) => status === 200 || status === 202)).toBe(true);
        side.reserved.push(...reserved);
        const took = line.map(({ tookMs }) => tookMs);
        if (isMeasured) side.p99s.push(quantile(took, 0.99));
      }),
    );
  }

  it('answers reservations fast, and the line as fast as the gateway beside it', async () => {
    ill.services.answer = async (asked) => pause(2_000).then(() => goodAnswer(asked));
    // The lower quartile of the slices' p99: what the gateway does is in all of them, while other work on these two
    // cores spoils some, up to a hundredfold. Where it has spoilt too many, more slices are measured.
    const p99Of = ({ p99s }: Side) => quantile(p99s, 0.25);
    const isAsFast = () => p99Of(ill) <= p99Of(well) * 1.2 + 2;
    for (let each = 0; each < slicesMin || (each < slicesMax && !isAsFast()); each += 1) {
      await slice(each >= warmUpSlices);
    }
    const [without, withFault] = [p99Of(well).toFixed(1), p99Of(ill).toFixed(1)];
    console.info(`p99 of the line: ${without} ms without, ${withFault} ms with the fault`);
    expect(isAsFast()).toBe(true);

    expect(new Set(well.reserved.map(({ status }) => status))).toEqual(new Set([200, 201]));
    expect(new Set(ill.reserved.map(({ status }) => status))).toEqual(new Set([503, 504]));
    const refused = ill.reserved.filter(({ status }) => status === 503);
    expect(refused.every(({ headers }) => headers['retry-after'] === '2')).toBe(true);
    expect(refused.length).toBeGreaterThan(ill.reserved.length / 2);
    const tookMs = (answers: readonly Timed[]) => answers.map((answer) => answer.tookMs);
    // Through HTTP, with Redis before and after. That the call itself ends within 50 ms is held to in backends.test.ts.
    expect(quantile(tookMs(ill.reserved), 0.95)).toBeLessThanOrEqual(reservationCallMs + 250);
    // Typically 5 ms: at once, where the call would have taken its whole deadline.
    expect(quantile(tookMs(refused), 0.5)).toBeLessThan(reservationCallMs / 4);
  });

  it('says so in its metrics and in its readiness, and stays ready', async () => {
    const metrics = await (await fetch(`${ill.gateway}/metrics`)).text();
    expect(metrics).toMatch(
      /backend_calls_total\{backend="reservation",method="CreateReservation",outcome="breaker_open"\} [1-9]/,
    );
    expect(metrics).toMatch(/backend_breaker_state\{backend="reservation",state="open"\} 1/);
    const ready = await call('GET', `${ill.gateway}/readyz`);
    expect(ready).toMatchObject({
      status: 200,
      body: { dependencies: { backend_reservation: { ok: false, detail: 'breaker open' } } },
    });
  });

  it('takes reservations again when the service has recovered, by the same keys and passes', async () => {
    ill.services.answer = goodAnswer;
    const answer = await eventually(
      async () => {
        const reserved = await book(ill);
        return reserved.status === 201 && reserved;
      },
      { withinMs: 8_000, everyMs: 100 },
    );
    expect(answer.body).toMatchObject({ reservation_id: 'rsv_1', status: 'HOLD' });
    const ready = await call('GET', `${ill.gateway}/readyz`);
    expect(ready.body).toMatchObject({ dependencies: { backend_reservation: { ok: true } } });
  });
});
