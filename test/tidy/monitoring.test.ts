import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { alarmTable } from '../../src/contract/alarms.ts';

const root = join(import.meta.dirname, '../..');
const textOf = (path: string): string => readFileSync(join(root, 'deploy', path), 'utf8');

interface Alert {
  readonly alert?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
interface Expected {
  readonly alertname: string;
  readonly exp_alerts: readonly { readonly exp_labels: Readonly<Record<string, string>> }[];
}

const { groups } = parse(textOf('prometheus/tacos.rules.yml')) as { groups: { rules: Alert[] }[] };
const alerts = groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert !== undefined);
const { tests } = parse(textOf('prometheus/tacos.test.yml')) as { tests: { alert_rule_test: Expected[] }[] };
const expectations = tests.flatMap(({ alert_rule_test: all }) => all);

describe('the rules', () => {
  it('have an alert for every rule of every alarm, with a severity and its page of the runbook', () => {
    const made = alerts.map(({ labels }) => `${labels.alarm} ${labels.severity}`);
    const wanted = alarmTable.flatMap(({ id, rules }) =>
      rules.map(({ severity }) => `${id} ${severity === 'crit' ? 'critical' : 'warning'}`),
    );
    expect(made).toEqual(wanted);
    for (const { annotations } of alerts) {
      expect(annotations.summary).not.toBe('');
      expect(existsSync(join(root, annotations.runbook_url ?? 'nowhere')), annotations.runbook_url).toBe(
        true,
      );
    }
  });

  it('each go on and off in the tests of promtool, off also after they were on', () => {
    for (const { alert = '', labels } of alerts) {
      const severity = labels.severity ?? '';
      const states = expectations
        .filter(({ alertname }) => alertname === alert)
        .map(({ exp_alerts: on }) => on.some(({ exp_labels: found }) => found.severity === severity));
      const course = states.map((isOn) => (isOn ? 'on' : 'off')).join(' ');
      expect(course, `${alert} ${severity}`).toMatch(/\boff on\b.*\boff\b/);
    }
  });
});

describe('the dashboard', () => {
  interface Place {
    readonly h: number;
    readonly w: number;
    readonly x: number;
    readonly y: number;
  }
  interface PanelJson {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly gridPos: Place;
    readonly datasource?: { readonly type: string; readonly uid: string };
    readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
  }
  const dashboard = JSON.parse(textOf('grafana/tacos.json')) as {
    schemaVersion: number;
    templating: { list: { name: string }[] };
    panels: PanelJson[];
  };
  const { panels } = dashboard;

  it('is one that Grafana takes: a version of the schema, variables, panels with ids and data', () => {
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(39);
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'event']);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    for (const { type, title, targets = [], datasource } of panels) {
      if (type === 'row') continue;
      expect(datasource, title).toEqual({ type: 'prometheus', uid: '$datasource' });
      expect(targets.length, title).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
    }
  });

  it('has panels side by side, not on top of each other', () => {
    const overlap = (a: Place, b: Place): boolean =>
      a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
    for (const [index, { gridPos, title }] of panels.entries()) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      const hidden = panels.slice(index + 1).filter((other) => overlap(gridPos, other.gridPos));
      expect(hidden.map((other) => `${title} and ${other.title}`)).toEqual([]);
    }
  });
});
