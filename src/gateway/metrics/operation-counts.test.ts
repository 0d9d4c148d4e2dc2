import { expect, it } from 'vitest';
import { refuse } from '../../contract/errors.ts';
import { Keyring } from '../../queue/keyring.ts';
import { signWaitingToken } from '../../queue/waiting-token.ts';
import { Meters } from './meters.ts';
import { OperationCounts } from './operation-counts.ts';

const keyring = new Keyring([{ kid: 'k1', secret: Buffer.alloc(32, 1) }]);
const place = { event: 'evt_a', life: 'AbCdEf12', epoch: 0, seq: 7, joinedMs: 1, verified: false };

it('counts a refusal for /metrics, and at its event where that is known', () => {
  const noted: string[] = [];
  const meters = new Meters();
  const counts = new OperationCounts(
    { noteRefusal: (event, operation, code) => noted.push(`${event} ${operation} ${code}`) },
    meters,
  );
  const token = signWaitingToken(keyring, place);
  counts.refusedAt('evt_b', 'join', refuse('QUEUE_FULL'));
  counts.refusedOf(token, 'enter', refuse('NOT_READY'));
  counts.refused('join', refuse('BAD_REQUEST'));
  // Anybody can write an event's name into a token that is none.
  counts.refusedOf(token, 'status', refuse('TOKEN_NOT_FOUND'));
  expect(noted).toEqual([
    'evt_b join QUEUE_FULL',
    'evt_a enter NOT_READY',
    'undefined status TOKEN_NOT_FOUND',
  ]);
  const { join, enter, status } = meters.operations;
  expect([...join.refused.keys(), ...enter.refused.keys(), ...status.refused.keys()]).toEqual([
    ...['QUEUE_FULL', 'BAD_REQUEST', 'NOT_READY', 'TOKEN_NOT_FOUND'],
  ]);
});
