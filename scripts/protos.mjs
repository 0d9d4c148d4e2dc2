import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findRuntime, root, runScript } from './lib/project.mjs';

/** Services whose types are made; what they import comes along. */
const services = [
  'proto/reservation/v1/reservation.proto',
  'proto/reservation/v1/inventory.proto',
  'proto/payment/v1/payment.proto',
  'proto/gateway/v1/queue.proto',
];

/** Types only: nothing of it runs, so a program can be built and started without. */
const outDir = join(root, 'generated/proto');

/** Makes the types of the .proto files, in the form in which src/grpc/protos.ts loads them. */
export async function makeProtoTypes() {
  const generator = join(root, 'node_modules/@grpc/proto-loader/build/bin/proto-loader-gen-types.js');
  if (!existsSync(generator)) return;
  rmSync(outDir, { recursive: true, force: true });
  const form = ['--longs=Number', '--enums=String', '--defaults', '--arrays', '--grpcLib=@grpc/grpc-js'];
  const places = ['--importFileExtension=.ts', `-I=${root}`, `-O=${outDir}`];
  execFileSync(findRuntime(), [generator, ...form, ...places, ...services], { cwd: root, stdio: 'pipe' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runScript(makeProtoTypes);
