import { describe, expect, it } from 'vitest';
import { overviewOf, snapshotOf } from '../testing/views.ts';
import { readOverviewStream, readStream } from './stream.ts';

async function* body(...chunks: readonly string[]): AsyncIterable<Uint8Array> {
  for (const chunk of chunks) yield new TextEncoder().encode(chunk);
}
async function gather<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of messages) all.push(message);
  return all;
}
const event = (name: string, data: unknown, id = '1') =>
  `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

describe('the stream', () => {
  it('is read as messages, however it is cut, and what is unknown is left out', async () => {
    const text =
      event('snapshot', snapshotOf({ name: '여름' }), '7') +
      event('later', {}) +
      event('heartbeat', { ageSec: 0.1, seq: 7 }) +
      event('auth', { code: 'UNAUTHENTICATED' });
    const bytes = new TextEncoder().encode(text);
    async function* pieces() {
      for (let at = 0; at < bytes.length; at += 13) yield bytes.subarray(at, at + 13);
    }
    const messages = await gather(readStream(pieces()));
    expect(messages.map(({ kind }) => kind)).toEqual(['snapshot', 'heartbeat', 'auth']);
    expect(messages[0]).toMatchObject({ id: '7', snapshot: { name: '여름' } });
  });

  it('of all queues carries overviews', async () => {
    const messages = await gather(readOverviewStream(body(event('overview', overviewOf(), '3'))));
    expect(messages).toMatchObject([{ kind: 'overview', id: '3', overview: { kind: 'Overview' } }]);
  });

  it('has nothing in it that could steer a terminal', async () => {
    const name = 'a\u001b[31mred\u001b[0m\u202Eb\u0007\u009b2J';
    const [message] = await gather(readStream(body(event('snapshot', snapshotOf({ name })))));
    const shown = message?.kind === 'snapshot' ? message.snapshot.name : '';
    expect(shown).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  });

  it('is an error when it is not what was agreed', async () => {
    for (const bad of ['event: snapshot\ndata: {\n\n', event('snapshot', { kind: 'Other' })]) {
      await expect(gather(readStream(body(bad)))).rejects.toThrow();
    }
  });
});
