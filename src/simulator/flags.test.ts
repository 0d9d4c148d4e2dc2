import { describe, expect, it } from 'vitest';
import { parseFlags } from './flags.ts';
import { type CrowdOptions, crowdSettings, loopbackOrigin } from './options.ts';

describe('flags', () => {
  it('become the options of a crowd', () => {
    const line =
      '--gateway http://127.0.0.1:8000 --event evt_demo --visitors 3000 --arrivals poisson:100/s --no-show 0.1 ' +
      '--double-click 0.05 --leave 0.05 --never-enter 0 --seed 1 --for 60s --report json --keep 500';
    expect(parseFlags(line.split(' '))).toMatchObject({
      crowd: {
        gateway: ['http://127.0.0.1:8000'],
        event: 'evt_demo',
        visitors: 3000,
        arrivals: { kind: 'poisson', perSec: 100 },
        noShow: 0.1,
        doubleClick: 0.05,
        leave: 0.05,
        neverEnter: 0,
        seed: 1,
        forMs: 60_000,
        keep: 500,
      },
      report: 'json',
    });
  });

  it('say how visitors buy', () => {
    const line =
      '--buy 0.7 --never-pay 0.1 --pay-fail 0.05 --pay-slow .2 --repeat 0.3 --buy-gateway http://127.0.0.1:1';
    expect(parseFlags(line.split(' ')).crowd).toMatchObject({
      ...{
        buy: 0.7,
        neverPay: 0.1,
        payFail: 0.05,
        paySlow: 0.2,
        repeat: 0.3,
        buyGateway: ['http://127.0.0.1:1'],
      },
    });
    expect(() => crowdSettings({ ...parseFlags([]).crowd, neverPay: 0.6, payFail: 0.6 })).toThrow('together');
  });

  it('leave what is not given to the defaults', () => {
    expect(parseFlags([]).crowd).toEqual({ gateway: ['http://127.0.0.1:8000'], event: 'evt_demo' });
  });

  it.each([
    ['--visitors', 'many'],
    ['--no-show', '1.5'],
    ['--no-show', 'x'],
    ['--arrivals', 'poisson:0/s'],
    ['--arrivals', 'flood'],
    ['--for', '60'],
    ['--for', '1000h'],
    ['--report', 'xml'],
    ['--no-show-at', 'never'],
    ['--nonsense', '1'],
  ])('refuse %s %s and name it', (flag, value) => {
    expect(() => parseFlags([flag, value])).toThrow(flag);
  });
});

describe('targets', () => {
  it.each([
    'http://127.0.0.1:8000',
    'http://localhost:8000',
    'http://[::1]:8000',
    'http://127.9.9.9',
    'http://127.1:80/',
  ])('%s is this machine', (origin) => {
    expect(loopbackOrigin(origin)).toBe(new URL(origin).origin);
  });

  it('may speak gRPC, then all of them', () => {
    expect(loopbackOrigin('grpc://127.0.0.1:8001')).toBe('grpc://127.0.0.1:8001');
    expect(() => loopbackOrigin('grpc://10.0.0.1:8001')).toThrow('gateway');
    const mixed = { gateway: ['http://127.0.0.1:1', 'grpc://127.0.0.1:2'], event: 'evt_x' };
    expect(() => crowdSettings(mixed)).toThrow('all http or all grpc');
    expect(() => crowdSettings({ gateway: 'grpc://127.0.0.1:2', event: 'evt_x', buy: 0.5 })).toThrow('buy');
    const shop = {
      gateway: 'grpc://127.0.0.1:2',
      buyGateway: 'http://127.0.0.1:1',
      event: 'evt_x',
      buy: 0.5,
    };
    expect(crowdSettings(shop).buyGateways).toEqual(['http://127.0.0.1:1']);
  });

  it.each([
    'http://10.0.0.1:8000',
    'http://gateway.example',
    'http://127.0.0.1.example',
    'http://localhost.example:80',
    'http://0.0.0.0:8000',
    'http://127.0.0.1@gateway.example',
    'https://127.0.0.1',
    'http://127.0.0.1:8000/path',
    'nonsense',
    '',
  ])('"%s" is refused', (origin) => {
    expect(() => loopbackOrigin(origin)).toThrow('gateway');
  });
});

describe('options', () => {
  const options: CrowdOptions = { gateway: 'http://127.0.0.1:1', event: 'evt_x' };

  it.each<[string, Partial<CrowdOptions>]>([
    ['event', { event: 'a b' }],
    ['run id', { runId: 'a\nb' }],
    ['visitors', { visitors: -1 }],
    ['connections', { connections: 0 }],
    ['signedIn', { signedIn: Number.NaN }],
    ['together', { noShow: 0.6, leave: 0.6 }],
    ['arrivals', { arrivals: { kind: 'poisson', perSec: 0 } }],
    ['at least one', { gateway: [] }],
  ])('out of bounds are refused: %s', (named, wrong) => {
    expect(() => crowdSettings({ ...options, ...wrong })).toThrow(named);
  });
});
