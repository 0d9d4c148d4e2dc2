/** Far more people than the gateways can serve, all for another event: nobody hangs, and the line of the crowd knows its places. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeEvent } from '../../../src/queue/events.ts';
import { eventually } from '../../helpers/eventually.ts';
import { joinAt } from '../../helpers/fleet.ts';
import { note, promise } from '../notes.ts';
import type { Scenario } from '../scenario.ts';
import type { World } from '../world.ts';

const floodSec = 6;
const program = fileURLToPath(new URL('../tools/flood.ts', import.meta.url));

interface Flood {
  readonly answers: Readonly<Record<string, number>>;
  readonly longestMs: number;
  readonly untold: number;
}

export const flooded: Scenario = {
  name: 'flood',
  row: 'joins for another event as fast as they can be asked: answered or refused early, the line goes on',
  async plan(world) {
    const event = await otherEvent(world);
    const { answers, longestMs, untold } = await world.during('flood', {}, () => flood(world, event));
    const asked = Object.values(answers).reduce((sum, count) => sum + count, 0);
    const { 202: joined = 0, 503: refused = 0, 429: limited = 0 } = answers;
    note(
      world,
      'flood',
      `${Math.round(asked / floodSec)} joins/s, ${joined} taken, ${refused + limited} refused`,
    );
    note(world, 'flood answered within, s', (longestMs / 1_000).toFixed(2));
    promise(world, 'the flood was answered 202, 429 or 503', joined + refused + limited === asked);
    promise(world, 'every refusal said when to come back', untold === 0);
    promise(world, 'no request of the flood took longer than 5 s', longestMs < 5_000);
  },
};

async function otherEvent({ client, store, gateways }: World): Promise<string> {
  const id = `evt_${randomBytes(5).toString('hex')}`;
  await makeEvent(client, store, { id, kid: 'k1', plan: { kind: 'operator' }, audit: '{}' });
  await eventually(
    async () => {
      for (const { url } of gateways) if ((await joinAt(url, id)).status !== 202) return false;
      return true;
    },
    { withinMs: 20_000, everyMs: 100 },
  );
  return id;
}

async function flood({ gateways }: World, event: string): Promise<Flood> {
  const urls = gateways.map(({ url }) => url);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [program, String(floodSec), event, ...urls],
    { timeout: 60_000 },
  );
  return JSON.parse(stdout) as Flood;
}
