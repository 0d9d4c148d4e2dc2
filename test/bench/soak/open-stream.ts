/** A reader of server-sent events that goes away without a word. */
import { finished } from 'node:stream/promises';
import { request } from 'undici';

/** Reads until either side ends it or `signal` aborts; how it ended does not matter. */
export async function openStream(url: string, signal: AbortSignal, token?: string): Promise<void> {
  try {
    const headers = { accept: 'text/event-stream', ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const { body } = await request(url, { headers, signal });
    await finished(body.resume());
  } catch {
    // Cut by the signal, or by the server that was done with it.
  }
}
