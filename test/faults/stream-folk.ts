/**
 * People who hold a stream open and come back as a browser does: at the pace that the stream asked for, wherever the load
 * balancer leads them. They are no part of the history; what matters is that they stay present.
 */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { joinAt, pause } from '../helpers/fleet.ts';
import type { World, WorldGateway } from './world.ts';

interface Folk {
  readonly token: string;
  readonly seq: number;
}

export interface StreamFigures {
  /** Streams that ended and were opened again. */
  readonly handedOver: number;
  /** Streams that could not be opened, or broke instead of ending. */
  readonly failed: number;
  /** Longest time without a stream after one that a gateway of this build had ended, s. */
  readonly gapSec: Readonly<Record<string, number>>;
  /** Times that one of them was stepped around as silent. */
  readonly away: number;
}

export class StreamFolk {
  private readonly world: World;
  private readonly folk: Folk[] = [];
  private readonly stopped = new AbortController();
  private lives: Promise<void>[] = [];
  private handedOver = 0;
  private failed = 0;
  private readonly gapSec: Record<string, number> = {};

  constructor(world: World) {
    this.world = world;
  }

  /** So many join, and open their streams. */
  async come(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      const { status, body } = await joinAt(this.someGateway().url, this.world.eventId);
      const token = String(body.waiting_token);
      const seq = this.world.placeOf(token)?.seq;
      if (seq === undefined) throw new Error(`no place for somebody with a stream: ${status}`);
      this.folk.push({ token, seq });
    }
    this.lives = this.folk.map((one) => this.live(one));
  }

  /** All go. */
  async close(): Promise<void> {
    this.stopped.abort();
    await Promise.all(this.lives);
  }

  /** How it went. */
  async figures(): Promise<StreamFigures> {
    const { handedOver, failed, gapSec } = this;
    return { handedOver, failed, gapSec, away: await this.timesAway() };
  }

  private async live({ token }: Folk): Promise<void> {
    let gone: { readonly build: string; readonly atMs: number } | undefined;
    while (!this.stopped.signal.aborted) {
      const gateway = this.someGateway();
      const stream = await this.open(gateway, token);
      if (stream === undefined || stream.statusCode !== 200) {
        if (!this.stopped.signal.aborted) this.failed += 1;
        stream?.resume();
        await pause(1_000);
        continue;
      }
      if (gone !== undefined) this.noteGap(gone.build, (performance.now() - gone.atMs) / 1000);
      const retryMs = await this.read(stream);
      gone = { build: buildOf(gateway), atMs: performance.now() };
      if (this.stopped.signal.aborted) return;
      this.handedOver += 1;
      await pause(retryMs);
    }
  }

  private noteGap(build: string, sec: number): void {
    this.gapSec[build] = Math.max(this.gapSec[build] ?? 0, sec);
  }

  private async open({ url: at }: WorldGateway, token: string): Promise<IncomingMessage | undefined> {
    const url = `${at}/api/v1/queue/stream?token=${encodeURIComponent(token)}`;
    const asked = get(url, { signal: this.stopped.signal });
    return once(asked, 'response').then(
      ([response]) => response as IncomingMessage,
      () => undefined,
    );
  }

  /** Reads to the end; after how many ms to come back. */
  private async read(stream: IncomingMessage): Promise<number> {
    let retryMs = 3_000;
    try {
      for await (const chunk of stream)
        for (const [, ms] of String(chunk).matchAll(/^retry: (\d+)$/gm)) retryMs = Number(ms);
    } catch {
      if (!this.stopped.signal.aborted) this.failed += 1;
    }
    return retryMs;
  }

  private someGateway(): WorldGateway {
    const all = this.world.gateways.filter(({ inRotation }) => inRotation);
    const gateway = all[Math.floor(Math.random() * all.length)];
    if (gateway === undefined) throw new Error('no gateway is in rotation');
    return gateway;
  }

  private async timesAway(): Promise<number> {
    const entries = await this.world.journal();
    const seqs = new Set(this.folk.map(({ seq }) => seq));
    return entries.reduce((sum, entry) => {
      if (entry.kind !== 'away' || entry.reason !== 'silent') return sum;
      return sum + entry.seqs.filter((seq) => seqs.has(seq)).length;
    }, 0);
  }
}

/** As `roll` names gateways: build-number; those that the world began with have no build in their names. */
const buildOf = ({ name }: WorldGateway): string =>
  name.includes('-') ? name.replace(/-\d+$/, '') : 'first';
