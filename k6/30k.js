// 30,000 requests a second, mixed as in a sale: from one machine only with --scale.
import { optionsOf } from './lib/options.js';

export { request } from './lib/arrivals.js';
export { handleSummary } from './lib/summary.js';

export const options = optionsOf('30k', {
  http_req_failed: ['rate<0.01'],
  'http_req_duration{name:join}': ['p(99)<250'],
  'http_req_duration{name:status}': ['p(95)<100'],
  'http_req_duration{name:enter}': ['p(95)<500'],
});
