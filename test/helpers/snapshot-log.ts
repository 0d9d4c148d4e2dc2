/** Every snapshot of an event that an admin API sends, by its number: what screens are checked against. */
import { createParser } from 'eventsource-parser';
import type { QueueSnapshot } from '../../src/contract/snapshot.ts';

export interface SnapshotLog {
  /** Oldest first. */
  readonly all: readonly QueueSnapshot[];
  readonly latest: QueueSnapshot | undefined;
  close(): Promise<void>;
}

/** Listens until it is closed. */
export function openSnapshotLog(at: { server: string; event: string; token: string }): SnapshotLog {
  const all: QueueSnapshot[] = [];
  const leaving = new AbortController();
  const follow = async (): Promise<void> => {
    const answer = await fetch(`${at.server}/admin/v1/events/${at.event}/stream`, {
      headers: { authorization: `Bearer ${at.token}` },
      signal: leaving.signal,
    });
    const parser = createParser({
      onEvent({ event, data }) {
        if (event === 'snapshot') all.push(JSON.parse(data) as QueueSnapshot);
      },
    });
    const decoder = new TextDecoder();
    for await (const chunk of answer.body ?? []) parser.feed(decoder.decode(chunk, { stream: true }));
  };
  const ended = follow().catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
  return {
    all,
    get latest() {
      return all.at(-1);
    },
    async close() {
      leaving.abort();
      await ended;
    },
  };
}
