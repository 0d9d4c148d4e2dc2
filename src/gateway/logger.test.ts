import { expect, it } from 'vitest';
import { createLogger } from './logger.ts';

it('writes JSON lines without credentials', () => {
  const lines: string[] = [];
  const log = createLogger(
    { level: 'info', environmentName: 'test', workerId: 'g/w1' },
    { write: (text: string) => lines.push(text) },
  );
  log.info(
    {
      url: '/api/v1/queue/status?token=hunter2',
      headers: { authorization: 'Bearer hunter2' },
      request: { body: { waiting_token: 'hunter2' } },
      token: 'hunter2',
    },
    'hello',
  );
  log.debug('not at this level');
  expect(lines.length).toBe(1);
  expect(lines[0]).not.toContain('hunter2');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'info',
    worker: 'g/w1',
    environment: 'test',
    msg: 'hello',
    url: '/api/v1/queue/status?***',
  });
});
