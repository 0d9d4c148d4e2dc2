// Joins alone, in stages to 500 and 2,000 a second.
import { optionsOf } from './lib/options.js';

export { joiner } from './lib/arrivals.js';
export { handleSummary } from './lib/summary.js';

export const options = optionsOf('join', {
  http_req_failed: ['rate<0.05'],
  'http_req_duration{name:join}': ['p(95)<500'],
});
