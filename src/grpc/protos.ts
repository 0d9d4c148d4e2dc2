/**
 * The services' .proto files, loaded once when first asked for. Fields are camelCase, enums their names, 64-bit numbers
 * plain (amounts stay below 2^53); absent strings and numbers read as '' and 0, absent messages as null or undefined.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { ProtoGrpcType as InventoryProto } from '../../generated/proto/inventory.ts';
import type { ProtoGrpcType as PaymentProto } from '../../generated/proto/payment.ts';
import type { ProtoGrpcType as QueueProto } from '../../generated/proto/queue.ts';
import type { ProtoGrpcType as ReservationProto } from '../../generated/proto/reservation.ts';

/** Client constructors with their service definitions, by package. */
export interface Protos {
  readonly reservation: ReservationProto['reservation']['v1'] & InventoryProto['reservation']['v1'];
  readonly payment: PaymentProto['payment']['v1'];
  readonly gateway: QueueProto['gateway']['v1'];
}

const files = [
  'proto/reservation/v1/reservation.proto',
  'proto/reservation/v1/inventory.proto',
  'proto/payment/v1/payment.proto',
  'proto/gateway/v1/queue.proto',
];

let loaded: Protos | undefined;

/** All services. @throws Error when the folder proto/ is missing from this copy */
export function protos(): Protos {
  loaded ??= load();
  return loaded;
}

function load(): Protos {
  const definition = loadSync(files, {
    includeDirs: [protoRoot()],
    longs: Number,
    enums: String,
    defaults: true,
    arrays: true,
  });
  const packages = loadPackageDefinition(definition) as unknown as ReservationProto &
    InventoryProto &
    PaymentProto &
    QueueProto;
  return {
    reservation: packages.reservation.v1,
    payment: packages.payment.v1,
    gateway: packages.gateway.v1,
  };
}

/** The folder that holds proto/: dist/ in an installed copy, the root of a checkout. */
function protoRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'proto/gateway/v1/queue.proto'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('the folder proto/ is missing from this copy of tacos');
    folder = parent;
  }
  return folder;
}
