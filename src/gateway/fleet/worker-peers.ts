/** A worker's side of asking all workers: by way of the primary process. */
import { collectMs, type FromPrimary, type FromWorker } from './messages.ts';
import type { Collected, Peers, Reporters, ReportName } from './peers.ts';

export interface PrimaryLink {
  send(message: FromWorker): void;
  onMessage(listener: (message: FromPrimary) => void): void;
}

/** The link to the primary process of node:cluster. */
export const processLink: PrimaryLink = {
  send: (message) => {
    // The channel is gone only when the primary is, and then this process ends too.
    if (process.connected) process.send?.(message);
  },
  onMessage: (listener) => {
    process.on('message', (message) => listener(message as FromPrimary));
  },
};

export function createWorkerPeers(link: PrimaryLink): Peers {
  let own: Reporters | undefined;
  let lastId = 0;
  const pending = new Map<number, (collected: Collected<ReportName>) => void>();
  link.onMessage((message) => {
    if (message.kind === 'ask') void report(message.id, message.name);
    if (message.kind === 'collected') pending.get(message.id)?.(message);
  });

  async function report(id: number, name: ReportName): Promise<void> {
    if (own !== undefined) link.send({ kind: 'report', id, report: await own[name]() });
  }

  function collect(name: ReportName): Promise<Collected<ReportName>> {
    lastId += 1;
    const id = lastId;
    return new Promise((resolve) => {
      const settle = (collected: Collected<ReportName>): void => {
        clearTimeout(timer);
        pending.delete(id);
        resolve(collected);
      };
      // A primary that is too busy to answer in twice its own time: nobody answered.
      const timer = setTimeout(() => settle({ reports: [], workers: 1 }), 2 * collectMs);
      pending.set(id, settle);
      link.send({ kind: 'collect', id, name });
    });
  }

  return {
    serve: (reporters) => {
      own = reporters;
    },
    // The primary answers with the reports that were asked for.
    collect: collect as Peers['collect'],
  };
}
