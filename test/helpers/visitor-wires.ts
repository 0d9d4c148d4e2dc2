/** The calls of a visitor over either wire, in the same words, so that one property can be tested over both. */
import { status } from '@grpc/grpc-js';
import { enterAt, type Fleet, joinAt, statusAt } from './fleet.ts';
import { QueueClient } from './queue-client.ts';

export interface Place {
  readonly token: string;
  readonly position: number;
}

export interface VisitorWire {
  /** `at` = which gateway, taken modulo their count. @throws Error when there is no place */
  join(at: number, event: string): Promise<Place>;
  status(at: number, token: string): Promise<{ readonly status: string; readonly position: number }>;
  /** Whether the visitor of that name was let in. */
  enter(at: number, token: string, user: string): Promise<boolean>;
  close(): void;
}

export function httpWire(fleet: Fleet): VisitorWire {
  const url = (at: number): string => fleet.urls[at % fleet.urls.length] ?? '';
  return {
    async join(at, event) {
      const answer = await joinAt(url(at), event);
      if (answer.status !== 202) throw new Error(`no place: ${JSON.stringify(answer.body)}`);
      const { waiting_token: token, position_hint: position } = answer.body;
      return { token: String(token), position: Number(position) };
    },
    async status(at, token) {
      const { body } = await statusAt(url(at), token);
      return { status: String(body.status), position: Number(body.position) };
    },
    enter: async (at, token, user) => (await enterAt(url(at), token, user)).status === 200,
    close() {},
  };
}

/** Several connections a gateway, as each of its workers takes whole connections. */
const connectionsEach = 4;

export function grpcWire(fleet: Fleet): VisitorWire {
  const clients = fleet.grpcs.map((address) =>
    Array.from({ length: connectionsEach }, () => new QueueClient(address)),
  );
  let next = 0;
  const client = (at: number): QueueClient => {
    const some = clients[at % clients.length] ?? [];
    next += 1;
    const found = some[next % some.length];
    if (found === undefined) throw new Error('the fleet has no gateway');
    return found;
  };
  return {
    async join(at, event) {
      const { code, details, answer } = await client(at).join(event);
      if (code !== status.OK || !answer || answer.error)
        throw new Error(`no place: ${details || JSON.stringify(answer?.error)}`);
      return { token: answer.waitingToken, position: answer.positionHint };
    },
    async status(at, token) {
      const { answer } = await client(at).status(token);
      const word = answer?.status.replace('QUEUE_STATUS_', '').toLowerCase() ?? 'none';
      return { status: word, position: answer?.position ?? 0 };
    },
    enter: async (at, token, user) =>
      (await client(at).enter(token, user)).answer?.admission === 'ADMISSION_STATUS_GRANTED',
    close: () => clients.flat().forEach((each) => void each.close()),
  };
}
