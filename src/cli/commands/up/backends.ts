/** The simulated services behind the gateway, as `tacos up` runs them. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Runtime } from '../../runtime.ts';

/** Seats of the demo event: sold out after half an hour at its rate. */
const seats = 10_000;

const names = ['reservation', 'inventory', 'payment', 'control'] as const;

/** The line that says where they listen; its first group is the address of all of them. */
export const backendsReady = /^ready (reservation=\S+ inventory=\S+ payment=\S+ control=\S+)$/;

/** The program, where this copy has it. */
export function backendsEntry(runtime: Runtime): string | undefined {
  const entry = join(dirname(runtime.entry('simulator')), 'backends.js');
  return existsSync(entry) ? entry : undefined;
}

/** Whether the environment names a backend: then all are the caller's affair, and none is simulated. */
export function namesBackends(env: Readonly<Record<string, string | undefined>>): boolean {
  return Object.keys(env).some((name) => /^BACKEND_\w+_API_GRPC_ADDRESS(_FILE)?$/.test(name) && env[name]);
}

/** Its arguments: free ports at first, after a restart those of the run before. */
export function backendsArgs(address: string | undefined): string[] {
  const ports = address === undefined ? {} : addressesOf(address);
  return [
    ...names.flatMap((name) => [`--${name}-port`, ports[name]?.split(':')[1] ?? '0']),
    ...['--seats', String(seats), '--until-stdin-ends'],
  ];
}

/** What the gateway is told. */
export function backendsEnv(address: string): Record<string, string> {
  const { reservation = '', inventory = '', payment = '' } = addressesOf(address);
  return {
    BACKEND_RESERVATION_API_GRPC_ADDRESS: reservation,
    BACKEND_INVENTORY_API_GRPC_ADDRESS: inventory,
    BACKEND_PAYMENT_API_GRPC_ADDRESS: payment,
  };
}

const statsSchema = z.object({
  events: z.record(z.string(), z.object({ sold: z.number(), seats: z.number() })),
});

/** Seats of an event, as the simulated inventory tells; undefined when it does not, or none was ever asked for. */
export async function soldSeats(
  address: string,
  event: string,
): Promise<{ readonly sold: number; readonly seats: number } | undefined> {
  try {
    const answer = await fetch(`http://${addressesOf(address).control}/stats`, {
      signal: AbortSignal.timeout(1_000),
    });
    return statsSchema.parse(await answer.json()).events[event];
  } catch {
    return undefined;
  }
}

function addressesOf(address: string): Partial<Record<(typeof names)[number], string>> {
  return Object.fromEntries(address.split(' ').map((part) => part.split('=') as [string, string]));
}
