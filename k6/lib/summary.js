/**
 * What stays of a run: all of k6's figures in the file that TACOS_SUMMARY names, and a few lines on stdout. Where it is -,
 * the figures are a line of stdout too, which begins with `tacos-summary`: so runners in a cluster leave them in their log.
 */
import { baseUrl, event, scale, timeScale } from './target.js';

const lines = [
  ['joined', 'tacos_joined', 'count'],
  ['let in', 'tacos_granted', 'count'],
  ['orders', 'tacos_ordered', 'count'],
  ['requests', 'http_reqs', 'count'],
  ['failed share', 'http_req_failed', 'rate'],
  ['dropped', 'dropped_iterations', 'count'],
  ['double grants', 'tacos_double_grants', 'count'],
  ['double places', 'tacos_double_places', 'count'],
  ['order errors', 'tacos_order_errors', 'count'],
  ['refused after ready', 'tacos_refused_after_ready', 'rate'],
];

export function handleSummary(data) {
  const { metrics, state } = data;
  const crossed = Object.entries(metrics).flatMap(([name, { thresholds = {} }]) =>
    Object.entries(thresholds).flatMap(([text, { ok }]) => (ok ? [] : [`  CROSSED ${name}: ${text}\n`])),
  );
  const text = lines
    .filter(([, name]) => metrics[name] !== undefined)
    .map(([label, name, value]) => `  ${label.padEnd(20)} ${metrics[name].values[value]}\n`);
  const run = { baseUrl, event, scale, timeScale, endedAt: new Date().toISOString() };
  const file = __ENV.TACOS_SUMMARY;
  const figures = { run, state, metrics };
  const line = file === '-' ? `tacos-summary ${JSON.stringify(figures)}\n` : '';
  return {
    stdout: `${line}${(state.testRunDurationMs / 1000).toFixed(1)} s at ${baseUrl}, event ${event}\n${text.join('')}${crossed.join('')}`,
    ...(file && file !== '-' ? { [file]: JSON.stringify(figures, null, 2) } : {}),
  };
}
