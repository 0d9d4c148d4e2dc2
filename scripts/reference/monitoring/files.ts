/** Everything that is made for Prometheus and Grafana. */
import { dashboardFile } from './dashboard.ts';
import { ruleTestsFile } from './rule-tests.ts';
import { prometheusRuleFile, rulesFile } from './rules.ts';

/** Path below deploy to its text. */
export const monitoringFiles = (): ReadonlyMap<string, string> =>
  new Map([
    ['prometheus/tacos.rules.yml', rulesFile()],
    ['prometheus/prometheus-rule.yaml', prometheusRuleFile()],
    ['prometheus/tacos.test.yml', ruleTestsFile()],
    ['grafana/tacos.json', dashboardFile()],
  ]);
