/** One gRPC server a service: its methods as plain async functions, counted, slowed and failed as the faults say. */
import { randomBytes } from 'node:crypto';
import {
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Faults, ServiceName } from './faults.ts';
import { Problem, wireError } from './problem.ts';

/** What a method knows of its call. */
export interface CallFacts {
  /** W3C; '' when the caller gave none. */
  readonly traceparent: string;
  /** Aborts when the caller has gone or its deadline has passed. */
  readonly signal: AbortSignal;
}

/** The methods of a service, as functions that may throw a Problem. */
export type Methods<Handlers> = {
  [Name in keyof Handlers as string extends Name ? never : Name]: Handlers[Name] extends handleUnaryCall<
    infer Request,
    infer Reply
  >
    ? (request: Request, facts: CallFacts) => Reply | Promise<Reply>
    : never;
};

/** Calls of each method since the start, those of the services among themselves included. */
export type CallCounts = Record<string, number>;

/** Marks calls of these services among themselves: no fault strikes them twice. Nobody outside knows the value. */
const insiderMark = randomBytes(16).toString('hex');
const insiderName = 'x-simulator-insider';

/** Metadata of a call from one simulated service to another, for the request that it serves. */
export function insiderMetadata({ traceparent }: CallFacts): Metadata {
  const metadata = new Metadata();
  metadata.set(insiderName, insiderMark);
  if (traceparent !== '') metadata.set('traceparent', traceparent);
  return metadata;
}

export interface Served {
  /** host:port */
  readonly address: string;
  readonly calls: CallCounts;
  close(): Promise<void>;
}

/** How long calls under way may still be answered when the server closes, ms. */
const closeMs = 500;

/** Starts the server of one service on 127.0.0.1. @throws Error when the port is taken */
export async function serve<Handlers extends UntypedServiceImplementation>(options: {
  readonly name: ServiceName;
  readonly port: number;
  readonly definition: ServiceDefinition<Handlers>;
  readonly methods: Methods<Handlers>;
  readonly faults: Faults;
}): Promise<Served> {
  const { name, faults } = options;
  const methods = Object.entries(options.methods) as [string, Method][];
  const calls: CallCounts = Object.fromEntries(methods.map(([method]) => [method, 0]));
  const handlers = methods.map(([method, run]): [string, handleUnaryCall<object, object>] => [
    method,
    (call, done) => {
      calls[method] = (calls[method] ?? 0) + 1;
      void answer({ name, faults, run, call, done });
    },
  ]);
  const server = new Server();
  server.addService(options.definition, Object.fromEntries(handlers));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${options.port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    address: `127.0.0.1:${port}`,
    calls,
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.forceShutdown(), closeMs);
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}

type Method = (request: object, facts: CallFacts) => object | Promise<object>;

interface Exchange {
  readonly name: ServiceName;
  readonly faults: Faults;
  readonly run: Method;
  readonly call: ServerUnaryCall<object, object>;
  readonly done: sendUnaryData<object>;
}

async function answer({ name, faults, run, call, done }: Exchange): Promise<void> {
  const facts = factsOf(call);
  try {
    if (!isInsider(call.metadata)) {
      const { latencyMs } = faults.of(name);
      if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs));
      if (faults.strikes(name)) {
        done({ code: status.UNAVAILABLE, details: 'failed on purpose' });
        return;
      }
    }
    done(null, await run(call.request, facts));
  } catch (error) {
    if (error instanceof Problem) done(null, { ...error.reply, error: wireError(error, traceId(facts)) });
    else done({ code: status.INTERNAL, details: error instanceof Error ? error.message : String(error) });
  }
}

function factsOf(call: ServerUnaryCall<object, object>): CallFacts {
  const gone = new AbortController();
  call.on('cancelled', () => gone.abort());
  return {
    traceparent: text(call.metadata, 'traceparent'),
    signal: gone.signal,
  };
}

const isInsider = (metadata: Metadata): boolean => text(metadata, insiderName) === insiderMark;
const text = (metadata: Metadata, name: string): string => String(metadata.get(name)[0] ?? '');
const traceId = ({ traceparent }: CallFacts): string => traceparent.split('-')[1] ?? '';
