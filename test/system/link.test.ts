import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/contract/audit.ts';
import { pause } from '../helpers/fleet.ts';
import { type Office, openOffice } from '../helpers/office.ts';
import { openTcpProxy, type TcpProxy } from '../helpers/tcp-proxy.ts';

describe('a watch over a bad line', () => {
  let office: Office;
  let proxy: TcpProxy;
  beforeAll(async () => {
    office = await openOffice({ gateways: 1 });
    proxy = await openTcpProxy({ port: Number(new URL(office.admins[0]?.url ?? '').port), delayMs: 150 });
  }, 60_000);
  afterAll(async () => {
    await proxy.close();
    await office.stop();
  }, 60_000);

  it('says STALE with its age during a cut of 20 s, takes no consent on old data, and misses no change afterwards', async () => {
    const event = 'evt_link';
    await office.tacos(['event', 'create', event, '--refill', '10']);
    const server = `http://127.0.0.1:${proxy.port}`;
    const screen = office.terminal(['queue', 'watch', event, '--write'], { columns: 140, rows: 40, server });
    await screen.until('live data and the keys that change things', (lines) => {
      const text = lines.join('\n');
      return text.includes('LIVE') && text.includes('b bucket');
    });

    // A form that is open when the line is cut.
    screen.type('b');
    await screen.until('the form', (lines) => lines.some((line) => /cancel/i.test(line)));
    proxy.cut();
    const changed: string[] = [];
    const started = performance.now();
    for (const refill of ['11', '12', '13', '14', '15', '16', '17', '18', '19', '20']) {
      const ran = await office.tacos([
        'bucket',
        'set',
        event,
        '--refill',
        refill,
        '--reason',
        `step to ${refill}`,
        '--yes',
        '-o',
        'json',
      ]);
      changed.push(
        (JSON.parse(ran.stdout) as { item: { results: [{ auditId: string }] } }).item.results[0].auditId,
      );
    }
    await screen.until('STALE', (lines) => /STALE \d+s/.test(lines[0] ?? ''), 15_000);
    await screen.until('that no consent is taken', (lines) =>
      lines.some((line) => /old data|stale|no consent/i.test(line.replace(/^.*STALE \d+s.*?retry.*$/, ''))),
    );
    // Whatever is pressed now: nothing may be applied.
    screen.type('\t\t\t\t\t\r\r');
    await pause(Math.max(0, 20_000 - (performance.now() - started)));
    const stale = screen.text();
    expect(Number(/STALE (\d+)s/.exec(stale)?.[1])).toBeGreaterThan(10);
    proxy.mend();
    screen.type('\u001b');
    await screen.until('LIVE again', (lines) => /LIVE/.test(lines[0] ?? ''), 25_000);

    screen.type('L');
    await screen.until('every change of the cut', (lines) => {
      const text = lines.join('\n');
      return changed.slice(-6).every((id) => text.includes(id));
    });
    const { stdout } = await office.tacos(['audit', 'list', '--event', event, '-o', 'json']);
    const entries = (JSON.parse(stdout) as { items: AuditEntry[] }).items;
    const ours = entries.filter(({ action }) => action === 'bucket.set').map(({ auditId }) => auditId);
    expect(ours.toReversed()).toEqual(changed);
    screen.type('\u001b');
    // Both at once would be one key: Alt-q.
    await screen.until('the line again', (lines) => lines.some((line) => line.includes('b bucket')));
    screen.type('q');
    expect(await screen.ended).toMatchObject({ code: 0 });
  }, 120_000);
});
