/** A collector of traces: takes OTLP over HTTP in protobuf, as the real one does, and keeps what it got. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import { eventually } from './eventually.ts';
import { root } from './processes.ts';

export interface ReceivedSpan {
  /** Hex, as are all ids here. */
  readonly traceId: string;
  readonly spanId: string;
  /** '' = the first of its trace. */
  readonly parentId: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: 'server' | 'client' | 'other';
  readonly tookMs: number;
  readonly isError: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Ids of the spans that it points to. */
  readonly links: readonly string[];
  /** Attributes of the process that sent it. */
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface Collector {
  /** What OBSERVABILITY_OTLP_ENDPOINT is to be. */
  readonly endpoint: string;
  readonly spans: ReceivedSpan[];
  /** All bytes that came, one character a byte. */
  bytes(): string;
  /** Content types of the messages. */
  readonly types: ReadonlySet<string>;
  /** The first span of which this is true, once it is there. */
  find(is: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan>;
  close(): Promise<void>;
}

/** @throws Error when no port is free */
export async function startCollector(): Promise<Collector> {
  const spans: ReceivedSpan[] = [];
  const types = new Set<string>();
  let bytes = '';
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      bytes += body.toString('latin1');
      types.add(`${request.method} ${request.url} ${request.headers['content-type']}`);
      spans.push(...decode(body));
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}/v1/traces`,
    spans,
    bytes: () => bytes,
    types,
    find: (is) => eventually(() => spans.find(is) ?? Promise.reject(new Error(`not among ${shown(spans)}`))),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const shown = (spans: readonly ReceivedSpan[]): string =>
  spans.map(({ name, traceId }) => `${name} of ${traceId.slice(0, 8)}`).join(', ');

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>> & { readonly value: string };
}

interface Message {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}

interface WireSpan {
  readonly traceId: Buffer;
  readonly spanId: Buffer;
  readonly parentSpanId: Buffer;
  readonly traceState: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly KeyValue[];
  readonly links: readonly { readonly spanId: Buffer }[];
  readonly status: { readonly code: number } | null;
}

const loaded = loadSync(join(root, 'test/helpers/otlp.proto'), {
  longs: String,
  defaults: true,
  oneofs: true,
});
const service = loaded['otlp.TraceService'] as { readonly Export: MethodDefinition<object, object> };

const valuesOf = (attributes: readonly KeyValue[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value[value.value]]));

const kinds: Readonly<Record<number, ReceivedSpan['kind']>> = { 2: 'server', 3: 'client' };

function decode(body: Buffer): ReceivedSpan[] {
  const { resourceSpans } = service.Export.requestDeserialize(body) as Message;
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap(({ spans }) => spans)
      .map((span) => ({
        traceId: span.traceId.toString('hex'),
        spanId: span.spanId.toString('hex'),
        parentId: span.parentSpanId.toString('hex'),
        traceState: span.traceState,
        name: span.name,
        kind: kinds[span.kind] ?? 'other',
        tookMs: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6,
        isError: span.status?.code === 2,
        attributes: valuesOf(span.attributes),
        links: span.links.map(({ spanId }) => spanId.toString('hex')),
        resource: valuesOf(resource.attributes),
      })),
  );
}
