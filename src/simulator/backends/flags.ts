import { bad, durationMs, flagsOf, whole } from '../flag-values.ts';
import type { BackendsOptions } from './backends.ts';
import { hallSeatsMax } from './seat-map.ts';

export const usage = `Simulated reservation, inventory and payment services, over gRPC, on this machine.

  --reservation-port P  9090; 0 = a free port, for each of them
  --inventory-port P    9091
  --payment-port P      9092
  --control-port P      HTTP: POST /latency {ms}, POST /fail {percent}, GET /stats, GET /sold; default: none
  --seats N             seats of each event, 300
  --event EVT           the only event there is; again for more; default: whatever is asked for
  --hold DURATION       how long seats are held, 60s
  --latency-ms N        every call waits so long, 0
  --payment-delay D     how long a payment of scenario delay takes, 3s
  --webhook-retries N   tries after the first one, 4
  --webhook-anywhere    webhooks may go off this machine
  --until-stdin-ends    end when standard input does
  --help
`;

const text = { type: 'string' } as const;
const yesNo = { type: 'boolean' } as const;
const flags = {
  'reservation-port': text,
  'inventory-port': text,
  'payment-port': text,
  'control-port': text,
  seats: text,
  event: { type: 'string', multiple: true },
  hold: text,
  'latency-ms': text,
  'payment-delay': text,
  'webhook-retries': text,
  'webhook-anywhere': yesNo,
  'until-stdin-ends': yesNo,
  help: yesNo,
} as const;

/** What the command line asks for. */
export interface BackendsFlags {
  readonly options: BackendsOptions;
  readonly help: boolean;
  readonly untilStdinEnds: boolean;
}

/** Parses the command line. @throws CrowdOptionsError with a sentence that names the flag */
export function parseBackendsFlags(args: readonly string[]): BackendsFlags {
  const values = flagsOf(args, flags);
  const control = values['control-port'];
  const seats = whole('--seats', values.seats ?? '300');
  if (seats < 1 || seats > hallSeatsMax) bad('--seats', String(seats), `1 to ${hallSeatsMax}`);
  return {
    options: {
      reservationPort: port('--reservation-port', values['reservation-port'] ?? '9090'),
      inventoryPort: port('--inventory-port', values['inventory-port'] ?? '9091'),
      paymentPort: port('--payment-port', values['payment-port'] ?? '9092'),
      ...(control === undefined ? {} : { controlPort: port('--control-port', control) }),
      seats,
      events: values.event ?? [],
      holdMs: durationMs('--hold', values.hold ?? '60s'),
      latencyMs: whole('--latency-ms', values['latency-ms'] ?? '0'),
      paymentDelayMs: durationMs('--payment-delay', values['payment-delay'] ?? '3s'),
      webhookRetries: whole('--webhook-retries', values['webhook-retries'] ?? '4'),
      webhookAnywhere: values['webhook-anywhere'] === true,
    },
    help: values.help === true,
    untilStdinEnds: values['until-stdin-ends'] === true,
  };
}

function port(flag: string, value: string): number {
  const number = whole(flag, value);
  return number > 65_535 ? bad(flag, value, 'a port') : number;
}
