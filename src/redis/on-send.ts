/** Stands in the way of every command that a connection sends. */
import type { RedisClient } from './client.ts';

type Command = Parameters<RedisClient['sendCommand']>[0];
type Stream = Parameters<RedisClient['sendCommand']>[1];

/** Sends a command; `server` = the one that a cluster client has chosen for a whole pipeline. */
export type Send = (command: Command, stream: Stream, server: unknown) => unknown;

/** Puts `wrap` round the sending of a connection, for good. */
export function onSend(client: RedisClient, wrap: (send: Send) => Send): void {
  const sending = client as unknown as { sendCommand: Send };
  sending.sendCommand = wrap(sending.sendCommand.bind(client));
}
