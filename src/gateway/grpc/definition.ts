/**
 * QueueService as our server reads it. grpc-js ends a call with INTERNAL when a message cannot be read; here such a
 * message reaches the handler as `Unreadable`, which refuses it in our words and counts it. Texts that are cut or not UTF-8
 * are among them: protobufjs reads them as other texts, so that two callers could pass for one.
 */
import { isUtf8 } from 'node:buffer';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { type Refusal, refuse } from '../../contract/errors.ts';
import { protos } from '../../grpc/protos.ts';

/** Stands in the place of a message that could not be read. */
export class Unreadable {
  readonly refusal: Refusal = refuse('BAD_REQUEST', {
    message: 'This is not a valid message of the method.',
  });
}

const unreadable = new Unreadable();

/** The service with its paths and serializers, and with deserializers that never throw. */
export function queueServiceDefinition(): ServiceDefinition {
  const { service } = protos().gateway.QueueService;
  return Object.fromEntries(
    Object.entries(service).map(([name, method]) => {
      const texts = textFieldsOf(method);
      const requestDeserialize = (bytes: Buffer): object => {
        try {
          const message = method.requestDeserialize(bytes);
          return isSound(bytes, texts) ? message : unreadable;
        } catch {
          return unreadable;
        }
      };
      return [name, { ...method, requestDeserialize }];
    }),
  );
}

interface MessageType {
  readonly field: readonly { readonly number: number; readonly type: string }[];
}

/** The numbers of a request's string fields. */
function textFieldsOf(method: MethodDefinition<object, object>): ReadonlySet<number> {
  const { requestType } = method as unknown as { requestType: { type: MessageType } };
  const { field } = requestType.type;
  return new Set(field.filter(({ type }) => type === 'TYPE_STRING').map(({ number }) => number));
}

const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Whether a message that protobufjs has read is whole and its texts are UTF-8; messages inside it are not looked at. */
export function isSound(bytes: Buffer, texts: ReadonlySet<number>): boolean {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at] ?? 0;
      at += 1;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wireType = tag % 8;
    if (wireType === wireTypes.varint) varint();
    else if (wireType === wireTypes.fixed64) at += 8;
    else if (wireType === wireTypes.fixed32) at += 4;
    else if (wireType === wireTypes.bytes) {
      const length = varint();
      if (texts.has((tag - wireType) / 8) && !isUtf8(bytes.subarray(at, at + length))) return false;
      at += length;
    }
  }
  return at === bytes.length;
}
