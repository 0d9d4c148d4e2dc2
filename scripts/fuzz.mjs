// `npm run test:fuzz [-- --short --seed N]`: asks every HTTP route of the OpenAPI documents whatever may and may not be
// asked, against real processes, and fails on a server error, an answer that the document does not have, or a secret in
// a log.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { answersTable, findBugs, findSecrets } from './lib/fuzz-report.mjs';
import { startLogged, startWorld } from './lib/fuzz-world.mjs';
import { root, runScript, SetupError } from './lib/project.mjs';
import { ensurePythonTool } from './lib/python-tool.mjs';
import { setup } from './setup.mjs';

const tool = { name: 'schemathesis', packages: ['schemathesis==4.32.5'], bin: 'schemathesis' };
const event = 'evt_fuzz';
const defaultSeed = 20_261;

/** Whoever asks, in which world. Those who ask without credentials find the same no everywhere: fewer examples do. */
const runs = [
  { name: 'visitor, signed in', world: 'visitors', api: 'visitor', role: 'dev', share: 1 },
  { name: 'visitor, nobody', world: 'visitors', api: 'visitor', role: 'nobody', share: 0.5 },
  { name: 'admin, admin', world: 'operators', api: 'admin', role: 'admin', share: 1 },
  { name: 'admin, viewer', world: 'operators', api: 'admin', role: 'viewer', share: 0.5 },
  { name: 'admin, nobody', world: 'operators', api: 'admin', role: 'nobody', share: 0.25 },
];

/** Of each operation and run, beyond the cases that its schema alone makes. */
const examples = { short: 20, long: 200 };

await runScript(async () => {
  const { values } = parseArgs({
    options: { short: { type: 'boolean' }, seed: { type: 'string' }, keep: { type: 'boolean' } },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  const seed = Number(values.seed ?? defaultSeed);
  const runtime = await setup();
  const program = await schemathesis();
  if (program === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), 'tacos-fuzz-'));
  const perOperation = values.short ? examples.short : examples.long;
  console.log(`fuzz: ${tool.packages[0]}, seed ${seed}, ${perOperation} examples an operation and more`);
  const isGood = await fuzz({ runtime, program, folder, seed, perOperation });
  if (isGood && !values.keep) rmSync(folder, { recursive: true, force: true });
  else console.log(`fuzz: all that was written stands in ${folder}`);
  process.exitCode = isGood ? 0 : 1;
});

/** Path of the tool; undefined where it cannot be had here, which only CI does not take. */
async function schemathesis() {
  try {
    return await ensurePythonTool(tool);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.log(`SKIPPED fuzz: ${error.message}`);
    if (process.env.CI === 'true') process.exitCode = 1;
    return undefined;
  }
}

async function fuzz({ runtime, program, folder, seed, perOperation }) {
  const startedMs = performance.now();
  const names = ['visitors', 'operators'];
  const worlds = new Map();
  let results;
  try {
    const started = names.map(async (name) => {
      worlds.set(name, await startWorld({ name, folder, runtime, event }));
    });
    const failed = (await Promise.allSettled(started)).find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const inWorld = async (name) => {
      const done = [];
      for (const run of runs.filter(({ world }) => world === name)) {
        done.push(await fuzzAs(run, worlds.get(name), { program, folder, seed, perOperation }));
      }
      return done;
    };
    results = (await Promise.all(names.map(inWorld))).flat();
  } finally {
    await Promise.all([...worlds.values()].map(({ stop }) => stop()));
  }
  const { text, problems } = answersTable(results);
  console.log(text);
  const secrets = [
    ...[...worlds.values()].flatMap((world) => Object.values(world.secrets)),
    ...results.flatMap((result) => result.secrets),
  ];
  const found = findSecrets(folder, secrets);
  console.log(`${new Set(secrets).size} secrets looked for in every log: ${found.length} found`);
  found.push(...findBugs(folder));
  const all = [
    ...results.flatMap(({ name, isGood }) => (isGood ? [] : [`${name}: failed`])),
    ...problems,
    ...found,
  ];
  for (const problem of all) console.log(`FAILED ${problem}`);
  const requests = results.reduce((sum, each) => sum + each.requests, 0);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(0);
  console.log(
    `fuzz: ${requests} requests in ${seconds} s, seed ${seed}: ${all.length === 0 ? 'passed' : 'FAILED'}`,
  );
  return all.length === 0;
}

/** One run of the tool. What it says is shown where it failed. */
async function fuzzAs(run, { gateway, admin, secrets }, { program, folder, seed, perOperation }) {
  const { name, api, role, share } = run;
  const id = `fuzz-${api}-${role}`;
  const report = join(folder, `${id}.json`);
  const url = api === 'admin' ? admin : gateway;
  const token = { admin: secrets.adminToken, viewer: secrets.viewerToken }[role] ?? '';
  const setupOfHooks = {
    role,
    api,
    url,
    event,
    seed,
    token,
    adminToken: secrets.adminToken,
    gateway,
    report,
  };
  const document = await (await fetch(`${url}${api === 'admin' ? '/openapi.json' : '/swagger/json'}`)).json();
  let said = '';
  const startedMs = performance.now();
  const { ended } = startLogged({
    name: id,
    folder,
    command: program,
    args: [
      ...['--config-file', join(root, 'test/fuzz/schemathesis.toml'), '--no-color', 'run'],
      `${url}${api === 'admin' ? '/openapi.json' : '/swagger/json'}`,
      ...['--url', url, '--seed', String(seed), '--max-examples', String(Math.ceil(perOperation * share))],
      ...['--continue-on-failure', '--generation-database', 'none'],
    ],
    env: {
      SCHEMATHESIS_HOOKS: join(root, 'test/fuzz/hooks.py'),
      PYTHONDONTWRITEBYTECODE: '1',
      FUZZ_SETUP: JSON.stringify(setupOfHooks),
    },
    onText: (text) => {
      said += text;
    },
  });
  const code = await ended;
  if (code !== 0) console.log(said);
  const { counts, secrets: noted } = JSON.parse(readFileSync(report, 'utf8'));
  const requests = Object.values(counts)
    .flatMap((statuses) => Object.values(statuses))
    .reduce((sum, count) => sum + count, 0);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(0);
  console.log(
    `fuzz: ${name}: ${requests} requests, ${seconds} s, ${code === 0 ? 'nothing found' : `exit ${code}`}`,
  );
  return { name, api, role, document, counts, requests, secrets: noted, isGood: code === 0 };
}
