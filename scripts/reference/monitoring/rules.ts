/** The Prometheus rules, made from the table of alarms. */
import { stringify } from 'yaml';
import type { AlarmRow, PrometheusRule } from '../../../src/contract/alarm-row.ts';
import { recordedRules } from '../../../src/contract/alarm-rules.ts';
import { alarmTable } from '../../../src/contract/alarms.ts';

/** As Prometheus and Alertmanager call them. */
export const severityLabel = { warn: 'warning', crit: 'critical' } as const;

/** Name of the alert of an alarm, such as TacosRedisCpu. */
export const alertOf = (id: string): string =>
  `Tacos${id
    .split('-')
    .map((word) => `${word[0]?.toUpperCase() ?? ''}${word.slice(1)}`)
    .join('')}`;

/** Labels that an alert of a rule carries beside those of its expression. */
export const labelsOf = ({ id }: AlarmRow, { severity }: PrometheusRule): Record<string, string> => ({
  severity: severityLabel[severity],
  alarm: id,
});

/** What people read of it. The page of the runbook is a path of the repository. */
export const annotationsOf = ({ id, title, meaning }: AlarmRow): Record<string, string> => ({
  summary: title,
  description: meaning,
  runbook_url: `docs/runbook/${id}.md`,
});

/** Made by whom, at the head of every file. */
export const madeBy = (from: string): string => ` Made by \`npm run docs\` from ${from}. Do not edit.\n`;

/** How often Prometheus works the rules out. */
const interval = '5s';

/** deploy/prometheus/tacos.rules.yml */
export const rulesFile = (): string => yamlFile('src/contract/alarms.ts', rules());

/** deploy/prometheus/prometheus-rule.yaml: the same as an object of the Prometheus operator. */
export const prometheusRuleFile = (): string =>
  yamlFile('src/contract/alarms.ts', {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'tacos', labels: { 'app.kubernetes.io/part-of': 'tacos' } },
    spec: rules(),
  });

function rules(): object {
  const alerts = alarmTable.flatMap((row) =>
    row.rules.map((rule) => ({
      alert: alertOf(row.id),
      expr: rule.expr,
      ...(rule.forSec === 0 ? {} : { for: `${rule.forSec}s` }),
      labels: labelsOf(row, rule),
      annotations: annotationsOf(row),
    })),
  );
  return { groups: [{ name: 'tacos', interval, rules: [...recordedRules, ...alerts] }] };
}

/** YAML with its head; lines are never folded, so that expressions can be copied. */
export const yamlFile = (from: string, content: object): string =>
  `#${madeBy(from)}${stringify(content, { lineWidth: 0, aliasDuplicateObjects: false })}`;
