/** The tests of the Prometheus rules, for `promtool test rules`. */
import type { AlarmRow } from '../../../src/contract/alarm-row.ts';
import { alarmTable } from '../../../src/contract/alarms.ts';
import { lineCases } from './line-cases.ts';
import type { On, RuleCase } from './rule-course.ts';
import { alertOf, annotationsOf, labelsOf, yamlFile } from './rules.ts';
import { serverCases } from './server-cases.ts';

/** deploy/prometheus/tacos.test.yml */
export function ruleTestsFile(): string {
  return yamlFile('scripts/reference/monitoring', {
    rule_files: ['tacos.rules.yml'],
    evaluation_interval: '5s',
    tests: packed([...lineCases, ...serverCases]).map(testOf),
  });
}

/**
 * Cases that share no metric run as one test: promtool works all rules out for each test, and takes a quarter of the
 * time so.
 */
function packed(cases: readonly RuleCase[]): RuleCase[][] {
  const packs: { readonly metrics: Set<string>; readonly cases: RuleCase[] }[] = [];
  for (const each of cases) {
    const metrics = Object.keys(each.series).map((series) => series.replace(/\{.*/, ''));
    let pack = packs.find((known) => metrics.every((metric) => !known.metrics.has(metric)));
    if (pack === undefined) {
      pack = { metrics: new Set(), cases: [] };
      packs.push(pack);
    }
    for (const metric of metrics) pack.metrics.add(metric);
    pack.cases.push(each);
  }
  return packs.map(({ cases }) => cases);
}

function testOf(cases: readonly RuleCase[]): object {
  return {
    name: cases.map(({ id, what }) => (what === undefined ? id : `${id} ${what}`)).join('; '),
    interval: '5s',
    input_series: cases.flatMap(({ series }) =>
      Object.entries(series).map(([name, values]) => ({ series: name, values })),
    ),
    alert_rule_test: cases.flatMap((each) => {
      const row = alarmTable.find(({ id }) => id === each.id);
      if (row === undefined) throw new Error(`there is no alarm ${each.id}`);
      return each.on.map(([atSec, alerts]) => ({
        eval_time: `${atSec}s`,
        alertname: alertOf(row.id),
        exp_alerts: alerts.map((alert) => alertExpected(row, each, alert)),
      }));
    }),
  };
}

function alertExpected(row: AlarmRow, { labels = {} }: RuleCase, on: On): object {
  const alert = typeof on === 'string' ? { severity: on, labels } : on;
  const rule = row.rules.find(({ severity }) => severity === alert.severity);
  if (rule === undefined) throw new Error(`${row.id} has no rule of the severity ${alert.severity}`);
  return { exp_labels: { ...alert.labels, ...labelsOf(row, rule) }, exp_annotations: annotationsOf(row) };
}
