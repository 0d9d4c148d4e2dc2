/** One visitor of the crowd: a connection from an address of their own, one request under way at a time. */
import { connect, type Socket } from 'node:net';
import { numberIn } from './answers.ts';

const bufferBytes = 16 * 1024;
/** One for all: what comes is read at once. */
const buffer = Buffer.allocUnsafe(bufferBytes);

/** Told of each answer: its status, and all of its text. */
export type OnAnswer = (status: number, answer: string) => void;

export class Visitor {
  token = '';
  /** performance.now() when their request under way was sent; 0 = none is. */
  sentMs = 0;
  /** Not before then, by the last refusal. */
  notBeforeMs = 0;
  onAnswer: OnAnswer = () => {};
  private readonly socket: Socket;
  private partial = '';

  constructor(options: { number: number; port: number; onError: (error: Error) => void }) {
    const { number, port } = options;
    this.socket = connect({
      host: '127.0.0.1',
      port,
      localAddress: addressOf(number),
      noDelay: true,
      onread: {
        buffer,
        callback: (bytes) => {
          this.take(buffer.toString('latin1', 0, bytes));
          return true;
        },
      },
    });
    this.socket.on('error', options.onError);
    this.socket.on('close', () => {
      const when = this.sentMs > 0 ? 'with a request under way' : 'that was idle';
      options.onError(new Error(`the gateway closed a connection ${when}`));
    });
  }

  connected(): Promise<void> {
    return new Promise((resolve) => this.socket.once('connect', resolve));
  }

  send(request: string): void {
    this.sentMs = performance.now();
    this.socket.write(request, 'latin1');
  }

  /** Sends a request and gives the answer. */
  ask(request: string): Promise<string> {
    return new Promise((resolve) => {
      this.onAnswer = (_, answer) => {
        this.sentMs = 0;
        resolve(answer);
      };
      this.send(request);
    });
  }

  private take(text: string): void {
    const answer = this.partial === '' ? text : this.partial + text;
    const headEnd = answer.indexOf('\r\n\r\n');
    const length = headEnd < 0 ? -1 : numberIn(answer, '\r\ncontent-length: ');
    if (headEnd < 0 || answer.length < headEnd + 4 + length) {
      this.partial = answer;
      return;
    }
    this.partial = '';
    this.onAnswer(Number(answer.slice(9, 12)), answer);
  }
}

/** Loopback has 16 million addresses. */
const addressOf = (number: number): string =>
  `127.${1 + (number >> 14)}.${(number >> 7) & 127}.${(number & 127) + 1}`;
