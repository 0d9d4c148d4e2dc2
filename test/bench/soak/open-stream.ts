/** A reader of server-sent events that goes away without a word. */
import { request } from 'undici';

/** Reads until either side ends it or `signal` aborts; how it ended does not matter. Resolves with the bytes read. */
export async function openStream(url: string, signal: AbortSignal, token?: string): Promise<number> {
  let bytes = 0;
  try {
    const headers = { accept: 'text/event-stream', ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const { body } = await request(url, { headers, signal });
    for await (const chunk of body) bytes += (chunk as Buffer).length;
  } catch {
    // Cut by the signal, or by the server that was done with it.
  }
  return bytes;
}
