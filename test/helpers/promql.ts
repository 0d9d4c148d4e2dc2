/** Reads PromQL as far as tests need it: which metrics an expression names, and by which labels. */

/** A metric that an expression asks for. */
export interface Asked {
  readonly metric: string;
  /** Labels that its matchers name. */
  readonly labels: readonly string[];
}

/** Words that are no metric where no bracket follows them. */
const keywords = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan']);
/** Words whose brackets hold labels. */
const labelLists = /\b(?:by|without|on|ignoring)\s*\([^)]*\)|\bgroup_(?:left|right)\b(?:\s*\([^)]*\))?/g;

/** The metrics of an expression; functions and aggregations are none. */
export function askedBy(expr: string): Asked[] {
  const matchers: string[] = [];
  const bare = expr
    .replace(/\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\}/g, (_all, inside: string) => {
      matchers.push(inside.replace(/"(?:[^"\\]|\\.)*"/g, '""'));
      return `{${matchers.length - 1}}`;
    })
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(labelLists, ' ');
  const names = bare.matchAll(/(?<![\w:.])([a-zA-Z_:][\w:]*)(?:\s*\{(\d+)\})?(?![\w:]|\s*\()/g);
  return [...names].flatMap(([, metric = '', at]) =>
    keywords.has(metric.toLowerCase())
      ? []
      : [
          {
            metric,
            labels: [...(matchers[Number(at)] ?? '').matchAll(/(\w+)\s*[=!]/g)].map(
              ([, label = '']) => label,
            ),
          },
        ],
  );
}

/** A scrape: metrics that are declared, and the names of samples with the labels that they have. */
export interface Scraped {
  readonly declared: ReadonlySet<string>;
  readonly samples: ReadonlyMap<string, ReadonlySet<string>>;
  /** Samples in all. */
  readonly series: number;
}

/** Reads the text format. */
export function parseScrape(...texts: readonly string[]): Scraped {
  const declared = new Set<string>();
  const samples = new Map<string, Set<string>>();
  let series = 0;
  for (const line of texts.join('\n').split('\n')) {
    const name = /^# TYPE (\S+)/.exec(line)?.[1];
    if (name !== undefined) declared.add(name);
    const [, metric, labels = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (metric === undefined) continue;
    series += 1;
    const known = samples.get(metric) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) known.add(label);
    samples.set(metric, known);
  }
  return { declared, samples, series };
}
