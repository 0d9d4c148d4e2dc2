/**
 * Connections whose last request was refused for overload: what comes on them is not read for a part of the time that the
 * refusal named. Who keeps to it never notices; who does not, waits, and costs nothing meanwhile. Connections of trusted proxies
 * carry other people's requests too and are read all the time.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

export interface RestingOptions {
  /** Whether an address is that of a proxy. */
  readonly isProxy: (address: string) => boolean;
  /** Nothing is refused any more: those that rest may go on. */
  readonly isCalm: () => boolean;
  readonly monoMs?: () => number;
}

/** The least part of its time that a connection rests: all at once they would come back at once. */
const restMin = 0.5;
/** Rests end in steps of so long, ms. */
const stepMs = 200;
/** When all is calm, they end early: a part of them in each step, lest all come at once. */
const partsWhenCalm = 10;

export class RestingConnections {
  /** Connections that rest now. */
  count = 0;
  private readonly options: RestingOptions;
  private readonly monoMs: () => number;
  private readonly steps = new Map<number, Socket[]>();
  private waiting: { readonly request: IncomingMessage; readonly untilMs: number }[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(options: RestingOptions) {
    this.options = options;
    this.monoMs = options.monoMs ?? (() => performance.now());
  }

  /** Lets the request's connection rest once its answer is out. */
  rest(request: IncomingMessage, forSec: number): void {
    const { remoteAddress } = request.socket;
    if (remoteAddress !== undefined && this.options.isProxy(remoteAddress)) return;
    // node:http reads on by itself when an answer is done, so the rest begins behind it, for all of this turn at once.
    if (this.waiting.length === 0) setImmediate(() => this.begin());
    this.waiting.push({
      request,
      untilMs: this.monoMs() + forSec * 1000 * (restMin + (1 - restMin) * Math.random()),
    });
  }

  /** Ends all rests: the process stops. */
  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    for (const step of [...this.steps.keys()]) this.end(step);
  }

  private begin(): void {
    for (const { request, untilMs } of this.waiting) {
      const { socket } = request;
      // A body that still comes must be read to its end.
      if (!request.complete || socket.destroyed || socket.isPaused()) continue;
      socket.pause();
      this.count += 1;
      const step = Math.ceil(untilMs / stepMs);
      const sockets = this.steps.get(step);
      if (sockets === undefined) this.steps.set(step, [socket]);
      else sockets.push(socket);
    }
    this.waiting = [];
    if (this.steps.size > 0) this.timer ??= setInterval(() => this.turn(), stepMs).unref();
  }

  private turn(): void {
    const now = Math.floor(this.monoMs() / stepMs);
    for (const step of [...this.steps.keys()]) if (step <= now) this.end(step);
    if (this.options.isCalm()) {
      const least = this.count - Math.ceil(this.count / partsWhenCalm);
      for (const step of [...this.steps.keys()].sort((a, b) => a - b)) {
        if (this.count > least) this.end(step);
      }
    }
    if (this.steps.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private end(step: number): void {
    const sockets = this.steps.get(step) ?? [];
    this.steps.delete(step);
    this.count -= sockets.length;
    for (const socket of sockets) if (!socket.destroyed) socket.resume();
  }
}
