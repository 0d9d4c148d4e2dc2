import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const methods = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'];
/** Operations that cannot be answered 2xx here, each with the reason. */
const byDesign = new Map([
  ...[
    'GET /admin/v1/loadtests',
    'GET /admin/v1/loadtests/{name}',
    'GET /admin/v1/loadtests/{name}/summaries',
  ].map((label) => [label, 'no cluster is there to run load tests in; test/kube asks it of a real one']),
  ['POST /admin/v1/loadtests/manifests', 'as above'],
  ['GET /admin/v1/hpa', 'no cluster is there to steer an autoscaler in; test/kube asks it of a real one'],
]);

/** Every operation of a document, as `METHOD /path`, with what it says. */
function operationsOf(document) {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) =>
      item[method] === undefined
        ? []
        : [{ label: `${method.toUpperCase()} ${path}`, operation: item[method] }],
    ),
  );
}

const isGood = (status) => /^2\d\d$/.test(status);
const sum = (counts) => counts.reduce((total, count) => total + count, 0);
const goodOf = (statuses) =>
  sum(Object.entries(statuses).flatMap(([status, count]) => (isGood(status) ? [count] : [])));

/** Whether a document wants credentials for an operation. */
const wantsCredentials = (document, { security = document.security ?? [] }) =>
  security.length > 0 && security.every((scheme) => Object.keys(scheme).length > 0);

/**
 * What came back, a line an operation: requests, how many of them 2xx by each who asked, and all statuses.
 *
 * @returns {{text: string, problems: string[]}} problems: operations that were never asked or never answered 2xx, and
 *   those answered 2xx to somebody who may not have it
 */
export function answersTable(results) {
  const lines = [];
  const problems = [];
  for (const api of new Set(results.map((result) => result.api))) {
    const mine = results.filter((result) => result.api === api);
    lines.push(
      '',
      `${api} API: operation; requests; of them 2xx for ${mine.map(({ role }) => role).join(', ')}; statuses`,
    );
    for (const { label, operation } of operationsOf(mine[0].document)) {
      const counts = mine.map((result) => result.counts[label] ?? {});
      const asked = sum(counts.flatMap((statuses) => Object.values(statuses)));
      const good = counts.map(goodOf);
      const statuses = [...new Set(counts.flatMap((each) => Object.keys(each)))].sort().join(' ');
      lines.push(`  ${label}; ${asked}; ${good.join(', ')}; ${statuses}`);
      if (asked === 0) problems.push(`${label}: never asked`);
      const reason = byDesign.get(label);
      if (sum(good) === 0 && reason === undefined) problems.push(`${label}: never answered 2xx`);
      if (sum(good) === 0 && reason !== undefined) lines.push(`    never 2xx: ${reason}`);
      for (const [at, { role, document }] of mine.entries()) {
        const mayNot =
          (role === 'nobody' && wantsCredentials(document, operation)) ||
          (role === 'viewer' && label === 'POST /admin/v1/actions');
        if (mayNot && good[at] > 0) problems.push(`${label}: answered 2xx to ${role}`);
      }
    }
  }
  return { text: lines.join('\n'), problems };
}

/** Where a secret stands in a log, as it is or as JSON spells it; the secret itself is not told. */
export function findSecrets(folder, secrets) {
  const texts = [...new Set(secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]))];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .flatMap((name) => {
      const log = readFileSync(join(folder, name), 'utf8');
      const count = texts.filter((text) => log.includes(text)).length;
      return count === 0 ? [] : [`${name}: ${count} secrets in it`];
    });
}

/** Lines of logs that tell of a bug which no answer may have shown: errors, and scripts that failed in Redis. */
export function findBugs(folder) {
  const isBug = (line) => /"level":"(error|fatal)"|user_script|UnhandledPromise|Warning: /.test(line);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.log') && !name.startsWith('fuzz-'))
    .flatMap((name) => {
      const lines = readFileSync(join(folder, name), 'utf8').split('\n').filter(isBug);
      return lines.slice(0, 5).map((line) => `${name}: ${line.slice(0, 600)}`);
    });
}
