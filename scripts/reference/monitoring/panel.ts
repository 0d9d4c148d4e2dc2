/** What the Grafana dashboard is made of: rows of panels, each with its expressions and the unit of their values. */

/** One line of a panel. */
export interface Target {
  readonly expr: string;
  /** Grafana's legend format. */
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  /** One of Grafana's names, such as `reqps`, `s`, `percentunit`, `bytes`. */
  readonly unit: string;
  /** Default a time series. */
  readonly kind?: 'timeseries' | 'heatmap' | 'stat';
  /** Of the 24 columns of a row; default 8. */
  readonly width?: number;
  readonly description?: string;
  /** Ends of the axis, where they are fixed. */
  readonly min?: number;
  readonly max?: number;
  readonly targets: readonly Target[];
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** Of the events chosen above; all processes know all of an event, so figures are not added up over them. */
export const event = '{event=~"$event"}';
/** Range of rates, as Grafana chooses it. */
export const rate = '$__rate_interval';

/** A quantile of a histogram, by a label. */
export const quantile = (share: number, metric: string, by: string, labels = ''): string =>
  `histogram_quantile(${share}, sum by (le, ${by}) (rate(${metric}_bucket${labels}[${rate}])))`;
