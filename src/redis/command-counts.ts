/** Counts the commands a connection sends, by name: the figure behind `redis_commands_total`. */
import type { RedisClient } from './client.ts';
import { onSend } from './on-send.ts';

export class CommandCounts {
  private readonly counts: Record<string, number> = {};

  /** Counts everything that is sent on this connection from now on. */
  watch(client: RedisClient): void {
    onSend(client, (send) => (command, stream, server) => {
      this.counts[command.name] = (this.counts[command.name] ?? 0) + 1;
      return send(command, stream, server);
    });
  }

  snapshot(): Readonly<Record<string, number>> {
    return { ...this.counts };
  }
}
