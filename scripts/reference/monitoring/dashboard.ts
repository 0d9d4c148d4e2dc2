/** The Grafana dashboard, made from the table of its panels. */
import type { Panel, Row } from './panel.ts';
import { lineRow, visitorRow } from './panels-of-line.ts';
import { backendRow, gatewayRow, redisRow } from './panels-of-servers.ts';

/** Top to bottom. */
export const dashboardRows: readonly Row[] = [lineRow, visitorRow, backendRow, redisRow, gatewayRow];

const datasource = { type: 'prometheus', uid: '$datasource' };
const panelHeight = 8;
const defaultWidth = 8;
const columns = 24;

/** deploy/grafana/tacos.json */
export function dashboardFile(): string {
  const text = JSON.stringify(
    {
      uid: 'tacos',
      title: 'tacos',
      description: 'Made by `npm run docs` from scripts/reference/monitoring. Do not edit.',
      tags: ['tacos'],
      schemaVersion: 39,
      version: 1,
      editable: true,
      graphTooltip: 1,
      refresh: '5s',
      time: { from: 'now-30m', to: 'now' },
      timezone: 'browser',
      annotations: { list: [] },
      links: [],
      templating: { list: [datasourceVariable, eventVariable] },
      panels: panelsOf(dashboardRows),
    },
    null,
    2,
  );
  // As the formatter has it: a list of one word on one line.
  return `${text.replace(/\[\n\s+("[^"\n]*")\n\s+\]/g, '[$1]')}\n`;
}

const datasourceVariable = {
  name: 'datasource',
  label: 'Prometheus',
  type: 'datasource',
  query: 'prometheus',
  hide: 0,
  includeAll: false,
  multi: false,
  refresh: 1,
};

const eventVariable = {
  name: 'event',
  label: 'Event',
  type: 'query',
  datasource,
  definition: 'label_values(queue_waiting, event)',
  query: { query: 'label_values(queue_waiting, event)', refId: 'event' },
  hide: 0,
  includeAll: true,
  allValue: '.*',
  current: { text: 'All', value: '$__all' },
  multi: true,
  refresh: 2,
  sort: 1,
};

/** Panels from left to right; a row of the table begins on a line of its own. */
function panelsOf(rows: readonly Row[]): object[] {
  const made: object[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    const gridPos = { h: 1, w: columns, x: 0, y };
    made.push({ id: made.length + 1, type: 'row', title, collapsed: false, gridPos, panels: [] });
    y += 1;
    let x = 0;
    for (const panel of panels) {
      const { width = defaultWidth } = panel;
      if (x + width > columns) {
        x = 0;
        y += panelHeight;
      }
      made.push(panelOf(panel, made.length + 1, { h: panelHeight, w: width, x, y }));
      x += width;
    }
    y += panelHeight;
  }
  return made;
}

interface GridPosition {
  readonly h: number;
  readonly w: number;
  readonly x: number;
  readonly y: number;
}

function panelOf(panel: Panel, id: number, gridPos: GridPosition): object {
  const { title, description, unit, kind = 'timeseries', min, max, targets } = panel;
  const isHeatmap = kind === 'heatmap';
  return {
    id,
    type: kind,
    title,
    ...(description === undefined ? {} : { description }),
    datasource,
    gridPos,
    fieldConfig: {
      defaults: { unit, ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) },
      overrides: [],
    },
    options: optionsOf(kind),
    targets: targets.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource,
      editorMode: 'code',
      expr,
      legendFormat: legend,
      range: kind !== 'stat',
      instant: kind === 'stat',
      format: isHeatmap ? 'heatmap' : 'time_series',
    })),
  };
}

function optionsOf(kind: NonNullable<Panel['kind']>): object {
  if (kind === 'heatmap')
    return { calculate: false, yAxis: { axisPlacement: 'left' }, legend: { show: false } };
  if (kind === 'stat') {
    return { colorMode: 'value', reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false } };
  }
  return {
    legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
    tooltip: { mode: 'multi', sort: 'desc' },
  };
}
