import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { blockWidth, type ProbeTerminal } from './probe.ts';

/** A terminal that answers a question for the cursor with this, or not at all. */
const terminal = (answer: string | undefined) => {
  const stream = new PassThrough();
  const modes: boolean[] = [];
  const setRawMode = (mode: boolean) => {
    modes.push(mode);
    return stdin;
  };
  const stdin = Object.assign(stream, {
    isTTY: true,
    isRaw: false,
    setRawMode,
  }) as unknown as ProbeTerminal['stdin'];
  const written: string[] = [];
  const write = (text: string) => {
    written.push(text);
    if (text.includes('[6n') && answer !== undefined) stream.write(answer);
  };
  return { stdin, stdout: { write }, stream, modes, written };
};

describe('the probe', () => {
  it('tells one column from two, and takes its block away', async () => {
    const narrow = terminal('\u001b[10;2R');
    expect(await blockWidth(narrow)).toBe(1);
    expect(await blockWidth(terminal('\u001b[10;3R'))).toBe(2);
    expect([narrow.modes, narrow.written.at(-1)]).toEqual([[true, false], '\r\u001b[K']);
  });

  it('takes silence for one column', async () => {
    expect(await blockWidth(terminal(undefined))).toBe(1);
  });

  it('gives back what was typed meanwhile, and leaves the stream to the next reader', async () => {
    const { stream, ...rest } = terminal('q\u001b[1;2R');
    await blockWidth({ stdin: rest.stdin, stdout: rest.stdout });
    const heard: string[] = [];
    stream.on('readable', () => {
      for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) heard.push(String(chunk));
    });
    stream.write('j');
    await vi.waitFor(() => expect(heard.join('')).toBe('qj'));
  });

  it('asks nothing where there is no terminal', async () => {
    const none = terminal('\u001b[1;3R');
    Object.assign(none.stdin, { isTTY: false });
    expect(await blockWidth(none)).toBe(1);
    expect(none.written).toEqual([]);
  });
});
