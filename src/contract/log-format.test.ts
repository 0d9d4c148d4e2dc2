import { Writable } from 'node:stream';
import pino from 'pino';
import { expect, it } from 'vitest';
import { logFormat } from './log-format.ts';

/** The lines that a logger of ours writes of these details. */
function written(...details: object[]): string {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const log = pino(logFormat({ level: 'info', base: {} }), stream);
  for (const detail of details) log.error(detail, 'it failed');
  return lines.join('');
}

it('says which command Redis refused, and nothing of what was sent with it', () => {
  const refused = (args: unknown[]) =>
    Object.assign(new Error('OOM command not allowed'), { command: { name: 'evalsha', args } });
  const text = written(
    { err: refused(['users', 'hunter2']) },
    { err: Object.assign(new Error('EXECABORT'), { previousErrors: [refused(['hunter2'])] }) },
  );
  expect(text).toContain('"name":"evalsha"');
  expect(text).toContain('OOM command not allowed');
  expect(text).not.toContain('hunter2');
});

it('leaves the queries of addresses out', () => {
  expect(written({ url: '/api/v1/queue/status?token=hunter2' })).toContain('/api/v1/queue/status?***');
});
