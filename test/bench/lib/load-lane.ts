/**
 * One kept-alive connection of the load process with one request under way at a time. As cheap as Node allows: a
 * ready-made buffer goes out, one reused buffer comes in, and of an answer only status, length and body are looked at.
 */
import { connect, type Socket } from 'node:net';

export interface LaneOptions {
  readonly port: number;
  /** The next request, or undefined when there is none left. */
  readonly next: () => Buffer | undefined;
  readonly onAnswer: (lane: Lane, status: number, body: string) => void;
  readonly onError: (error: Error) => void;
}

const bufferBytes = 16 * 1024;

export class Lane {
  /** Number of the request under way, for its owner's use. */
  request = -1;
  /** When it was sent, µs of process.hrtime. */
  sentUs = 0;
  sentBytes = 0;
  receivedBytes = 0;
  private readonly options: LaneOptions;
  private readonly socket: Socket;
  private partial = '';

  constructor(options: LaneOptions) {
    this.options = options;
    const buffer = Buffer.allocUnsafe(bufferBytes);
    this.socket = connect({
      host: '127.0.0.1',
      port: options.port,
      noDelay: true,
      onread: {
        buffer,
        callback: (bytes) => {
          this.receivedBytes += bytes;
          this.take(buffer.toString('latin1', 0, bytes));
          return true;
        },
      },
    });
    this.socket.on('error', options.onError);
    this.socket.on('close', () => {
      if (this.request >= 0)
        options.onError(new Error('the gateway closed a connection with a request under way'));
    });
  }

  connected(): Promise<void> {
    return new Promise((resolve) => this.socket.once('connect', resolve));
  }

  /** Sends the next request; without one the connection is closed. */
  send(): void {
    const request = this.options.next();
    if (request === undefined) {
      this.socket.destroy();
      return;
    }
    this.sentBytes += request.length;
    this.socket.write(request);
  }

  private take(text: string): void {
    const answer = this.partial === '' ? text : this.partial + text;
    const headEnd = answer.indexOf('\r\n\r\n');
    const length = headEnd < 0 ? -1 : lengthOf(answer, headEnd);
    if (headEnd < 0 || answer.length < headEnd + 4 + length) {
      this.partial = answer;
      return;
    }
    this.partial = '';
    this.options.onAnswer(this, Number(answer.slice(9, 12)), answer.slice(headEnd + 4));
    this.send();
  }
}

function lengthOf(answer: string, headEnd: number): number {
  const at = answer.search(/\r\ncontent-length: /i);
  if (at < 0 || at > headEnd)
    throw new Error(`an answer without Content-Length:\n${answer.slice(0, headEnd)}`);
  return Number.parseInt(answer.slice(at + 18, at + 28), 10);
}
