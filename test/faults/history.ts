/**
 * What a run of the fault suite saw: every request of every visitor with its answer, every fault, every change of the
 * settings. One record a line (JSONL). All times are ms of one clock that never jumps (performance.now of the suite).
 */
import { createWriteStream, readFileSync, type WriteStream } from 'node:fs';

/** A place as its waiting token says it. */
export interface PlaceFacts {
  readonly seq: number;
  readonly epoch: number;
  readonly life: string;
}

/** A pass as its reservation token says it; times are whole seconds of Redis's clock. */
export interface PassFacts {
  readonly id: string;
  readonly subject: string;
  readonly grantedSec: number;
  readonly endsSec: number;
}

export type Operation = 'join' | 'status' | 'enter' | 'leave';

/** One request. Facts of the answer's body are there where the answer had them. */
export interface RequestRecord {
  readonly kind: 'request';
  readonly op: Operation;
  readonly visitor: number;
  /** Who the visitor was signed in as; absent = nobody. */
  readonly subject?: string;
  /** Idempotency-Key of the join. */
  readonly key?: string;
  readonly gateway: string;
  readonly sentMs: number;
  readonly answeredMs: number;
  /** HTTP status; 0 = no answer: `failure` says why. */
  readonly http: number;
  readonly failure?: 'refused' | 'broken' | 'timeout';
  /** Error code of the catalogue. */
  readonly code?: string;
  /** Of a 429 or 503: it said Retry-After. */
  readonly hasRetryAfter?: boolean;
  /** Of a join: the place it was answered. Else the place it was about. */
  readonly place?: PlaceFacts;
  readonly status?: string;
  readonly position?: number;
  readonly ready?: boolean;
  readonly stale?: boolean;
  readonly paused?: boolean;
  readonly pollAfterSec?: number;
  /** Why an enter was denied. */
  readonly reason?: string;
  readonly pass?: PassFacts;
  /** Of the rounds after everything is quiet again: who stands where in the end. The last round counts. */
  readonly round?: number;
}

/** An operator's change; in force from some time between `sentMs` and `answeredMs`. */
export interface SettingsRecord {
  readonly kind: 'settings';
  readonly sentMs: number;
  readonly answeredMs: number;
  readonly refillPerSec: number;
  readonly capacity: number;
  readonly paused: boolean;
}

/** A fault, written when it is over. */
export interface FaultRecord {
  readonly kind: 'fault';
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Gateways that could not reach Redis meanwhile, for certain and all the time; all of them where Redis was gone. */
  readonly without?: readonly string[];
  /** Gateways that were stopped or ended meanwhile. */
  readonly down?: readonly string[];
}

/** A grant that stands in the event's journal at the end. */
export interface GrantRecord {
  readonly kind: 'grant';
  readonly seq: number;
  /** Redis time, µs. */
  readonly atUs: number;
}

/** The suite itself was held up for so long: what came late meanwhile is nobody's fault. */
export interface LagRecord {
  readonly kind: 'lag';
  readonly fromMs: number;
  readonly toMs: number;
}

/** A figure of the scenario's own. */
export interface NoteRecord {
  readonly kind: 'note';
  readonly name: string;
  readonly figure: string;
}

/** How a run was made. The first record. */
export interface HeadRecord {
  readonly kind: 'head';
  readonly name: string;
  readonly seed: number;
  /** Seconds of silence after which a place may end. */
  readonly expireSec: number;
  /** What happens when, as text. */
  readonly timetable?: readonly string[];
}

export type HistoryRecord =
  | HeadRecord
  | RequestRecord
  | SettingsRecord
  | FaultRecord
  | GrantRecord
  | NoteRecord
  | LagRecord;

/** A history under way: kept in memory for the checker, and in a file for later where there is one. */
export class History {
  readonly records: HistoryRecord[] = [];
  private readonly file: WriteStream | undefined;

  constructor(path?: string) {
    this.file = path === undefined ? undefined : createWriteStream(path);
  }

  add(record: HistoryRecord): void {
    this.records.push(record);
    this.file?.write(`${JSON.stringify(record)}\n`);
  }

  /** Resolves once all of it is in the file. */
  close(): Promise<void> {
    const { file } = this;
    return file === undefined ? Promise.resolve() : new Promise((resolve) => file.end(resolve));
  }
}

/** Reads a saved history. @throws SyntaxError where a line is no JSON */
export const readHistory = (path: string): HistoryRecord[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as HistoryRecord);

export const requestsOf = (records: readonly HistoryRecord[]): RequestRecord[] =>
  records.filter((record) => record.kind === 'request');

/** Whether a request was let in, and so with which pass. */
export const isGrant = (record: RequestRecord): record is RequestRecord & { pass: PassFacts } =>
  record.op === 'enter' && record.http === 200 && record.pass !== undefined;

/** A join that told of a place: a new one, or one that its person holds already. */
export const isPlaced = (record: RequestRecord): record is RequestRecord & { place: PlaceFacts } =>
  record.op === 'join' && (record.http === 202 || record.http === 409) && record.place !== undefined;
