/** Where a report goes, and the earlier one that it is compared with. */
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import type { Cli } from '../../cli.ts';
import { usageError } from '../../errors.ts';
import { stateFolder } from '../../paths.ts';
import { type LoadReport, loadReportSchema } from './load-report.ts';
import { junitOf, markdownOf } from './report-files.ts';

export interface ReportOut {
  /** Path of the report without the end of its name. */
  readonly base: string;
  readonly baseline: { readonly file: string; readonly report: LoadReport } | undefined;
  /** Writes all three forms; their paths. */
  write(report: LoadReport): readonly string[];
}

/** Readies both, before any load is sent. @throws CliError (2) for a file that cannot be read or written */
export function prepareReport(
  { runtime }: Cli,
  scenario: string,
  { summary, baseline }: { readonly summary?: string; readonly baseline?: string },
): ReportOut {
  const time = new Date(runtime.clock.now()).toISOString().replace(/[-:]|\.\d+/g, '');
  const base =
    summary === undefined
      ? join(stateFolder(runtime), 'loadtest', `${scenario}-${time}`)
      : resolve(summary.replace(/\.(json|md|xml)$/, ''));
  try {
    mkdirSync(dirname(base), { recursive: true });
    accessSync(dirname(base), constants.W_OK);
  } catch (error) {
    throw usageError(`--summary ${summary ?? base} cannot be written: ${messageOf(error)}`);
  }
  return {
    base,
    baseline: baseline === undefined ? undefined : { file: baseline, report: readBaseline(baseline) },
    write: (report) => {
      const forms = {
        json: `${JSON.stringify(report, null, 2)}\n`,
        md: markdownOf(report),
        xml: junitOf(report),
      };
      return Object.entries(forms).map(([end, text]) => {
        writeFileSync(`${base}.${end}`, text);
        return `${base}.${end}`;
      });
    },
  };
}

/** A report as it was written, or as -o json printed it. */
function readBaseline(file: string): LoadReport {
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const printed = z.object({ item: loadReportSchema }).safeParse(read);
    return printed.success ? printed.data.item : loadReportSchema.parse(read);
  } catch (error) {
    const why = error instanceof z.ZodError ? 'it is no report of tacos loadtest' : messageOf(error);
    throw usageError(`--baseline ${file} cannot be read`, { why });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
