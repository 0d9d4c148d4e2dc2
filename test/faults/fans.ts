/** People who were let in and look at their reservations, at every gateway in turn; no part of the crowd and its history. */
import { eventually } from '../helpers/eventually.ts';
import { call, enterAt, joinAt, pause } from '../helpers/fleet.ts';
import { signedInAs } from '../helpers/queue-client.ts';
import type { World } from './world.ts';

/** One request for a reservation. */
export interface Booking {
  /** 0 = no answer. */
  readonly http: number;
  readonly tookMs: number;
  readonly hasRetryAfter: boolean;
}

interface Fan {
  readonly name: string;
  readonly pass: string;
  isBooked: boolean;
}

/** Each asks so often, ms. */
const everyMs = 300;

export class Fans {
  private readonly world: World;
  private readonly fans: Fan[] = [];
  private done: Booking[] = [];
  private isOver = false;
  private lives: Promise<void>[] = [];
  private calls = 0;

  constructor(world: World) {
    this.world = world;
  }

  /** Lets so many through the line like everybody else. */
  async enter(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, index) => this.enterOne(`fan-${index}`)));
  }

  /** They ask from now on. */
  start(): void {
    this.lives = this.fans.map((fan) => this.live(fan));
  }

  /** What was answered since the last call. */
  drain(): Booking[] {
    const done = this.done;
    this.done = [];
    return done;
  }

  async close(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.lives);
  }

  private get url(): string {
    const { gateways } = this.world;
    this.calls += 1;
    return gateways[this.calls % gateways.length]?.url ?? '';
  }

  private async enterOne(name: string): Promise<void> {
    const { body } = await joinAt(this.url, this.world.eventId);
    const token = String(body.waiting_token);
    const entered = await eventually(
      async () => {
        const answer = await enterAt(this.url, token, name);
        return answer.status === 200 && answer;
      },
      { withinMs: 20_000, everyMs: 200 },
    );
    this.fans.push({ name, pass: String(entered.body.reservation_token), isBooked: false });
  }

  private async live(fan: Fan): Promise<void> {
    while (!this.isOver) {
      await this.ask(fan);
      await pause(everyMs);
    }
  }

  /** Books with the same key until it is done, which is a retry to the gateway, then looks at it. */
  private async ask(fan: Fan): Promise<void> {
    const { name, pass } = fan;
    const headers = { ...signedInAs(name), 'idempotency-key': `booking-of-${name}` };
    const address = `${this.url}/api/v1/reservations`;
    const body = { event_id: this.world.eventId, seat_ids: [`S-${name}`], reservation_token: pass };
    const sentMs = performance.now();
    const asked = fan.isBooked
      ? call('GET', `${address}/rsv_1`, { headers })
      : call('POST', address, { headers, body });
    const answer = await asked.catch(() => undefined);
    const http = answer?.status === 201 ? 200 : (answer?.status ?? 0);
    fan.isBooked ||= http === 200;
    const hasRetryAfter = answer?.headers['retry-after'] !== undefined;
    this.done.push({ http, tookMs: performance.now() - sentMs, hasRetryAfter });
  }
}
