// An hour of the same: does anything grow?
import { optionsOf } from './lib/options.js';

export { request } from './lib/arrivals.js';
export { handleSummary } from './lib/summary.js';

export const options = optionsOf('soak', {
  http_req_failed: ['rate<0.001'],
  'http_req_duration{name:join}': ['p(99)<250'],
  'http_req_duration{name:status}': ['p(95)<100'],
});
