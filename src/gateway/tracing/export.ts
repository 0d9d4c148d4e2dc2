/**
 * The way of spans out of the process: in batches, over OTLP/HTTP in protobuf. It holds a bounded number of spans and
 * drops what is more, so that a collector that is slow or gone costs requests nothing; what was dropped is counted, and
 * said at most once a minute.
 */
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import { inTime } from '../in-time.ts';

/** Spans that wait to be sent; some 4 MB. */
const queueMax = 4_096;
/** Spans in one message; at 0.5 kB each far below what collectors take. */
const batchMax = 512;
/** Longest that a span waits for company, ms. */
const batchWaitMs = 1_000;
/** A collector that has not taken a batch by then, retries included, does not get it, ms. */
const exportMs = 5_000;
const sayEveryMs = 60_000;

/** The processor for the SDK. What goes in and is not taken by the collector is lost, and counted here. */
export class BoundedExport implements SpanProcessor {
  /** Spans that were lost so far. */
  lost = 0;
  private readonly batches: BatchSpanProcessor;
  private readonly log: Logger;
  /** Spans that wait; those that are being sent are not among them. */
  private waiting = 0;
  private sending = 0;
  private untold = 0;
  private reason = '';
  private quiet: NodeJS.Timeout | undefined;

  constructor(options: { readonly endpoint: string; readonly log: Logger }) {
    this.log = options.log;
    const exporter = new OTLPTraceExporter({ url: options.endpoint, timeoutMillis: exportMs });
    this.batches = new BatchSpanProcessor({
      exporter: this.counted(exporter),
      maxQueueSize: queueMax,
      maxExportBatchSize: batchMax,
      scheduledDelayMillis: batchWaitMs,
      // Later than the exporter's own, which says what went wrong.
      exportTimeoutMillis: exportMs + 1_000,
    });
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.waiting >= queueMax) {
      this.lose(1, 'more spans than the collector takes');
      return;
    }
    this.waiting += 1;
    this.batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.batches.forceFlush();
  }

  /** Sends what waits, for at most `withinMs`. */
  async close(withinMs: number): Promise<void> {
    await inTime(this.shutdown(), withinMs, () => {});
    clearTimeout(this.quiet);
    const left = this.waiting + this.sending;
    if (left > 0) {
      this.lost += left;
      this.untold += left;
      if (this.reason === '') this.reason = 'the gateway stopped before the collector had taken them';
    }
    this.say();
  }

  /** Never fails: what could not be sent is counted. */
  async shutdown(): Promise<void> {
    await this.batches.shutdown().catch(() => {});
  }

  private counted(exporter: SpanExporter): SpanExporter {
    return {
      export: (spans: ReadableSpan[], done: (result: ExportResult) => void): void => {
        this.waiting -= spans.length;
        this.sending += spans.length;
        exporter.export(spans, (result) => {
          this.sending -= spans.length;
          if (result.code === ExportResultCode.FAILED) {
            this.lose(spans.length, result.error?.message ?? 'the collector refused them');
          }
          done(result);
        });
      },
      shutdown: () => exporter.shutdown(),
    };
  }

  private lose(count: number, reason: string): void {
    this.lost += count;
    this.untold += count;
    this.reason = reason;
    if (this.quiet === undefined) this.sayThenBeQuiet();
  }

  private sayThenBeQuiet(): void {
    this.say();
    this.quiet = setTimeout(() => {
      this.quiet = undefined;
      if (this.untold > 0) this.sayThenBeQuiet();
    }, sayEveryMs);
    this.quiet.unref();
  }

  private say(): void {
    if (this.untold === 0) return;
    this.log.warn({ spans: this.untold, spansSinceStart: this.lost, reason: this.reason }, 'spans were lost');
    this.untold = 0;
  }
}
