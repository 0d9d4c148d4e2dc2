/**
 * The checker proven: copies of tacos with a bug made on purpose, each in a folder of its own, each run under load. A bug
 * that the checker does not find makes the suite fail. Nothing in the product knows of them.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { pause } from '../helpers/fleet.ts';
import { root } from '../helpers/processes.ts';
import type { FindingKind } from './checker.ts';
import { restart, restartWithout } from './losses.ts';
import { type Outcome, runScenario, type Scenario } from './scenario.ts';

/** A text of a file of the product that must be there, once, and what stands there instead. */
interface Patch {
  /** From the root: in lua/, or a module of src/ that the gateway is bundled of. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export interface Bug {
  readonly name: string;
  readonly what: string;
  readonly patches: readonly Patch[];
  /** The kind that must be found. */
  readonly expected: FindingKind;
  /** Part of --short. */
  readonly short?: boolean;
  readonly world?: Scenario['world'];
  readonly crowd?: Scenario['crowd'];
  readonly plan: Scenario['plan'];
}

const loseSeconds: Scenario['plan'] = async (world) => {
  await restartWithout(world, 2_000);
  await pause(4_000);
};

export const bugs: readonly Bug[] = [
  {
    name: 'bug-second-grant',
    short: true,
    what: 'enter does not look whether the place was granted already, so racing copies are let in twice',
    expected: 'doubled',
    patches: [
      { file: 'lua/enter.lua', from: 'if how == ENTERED then\n', to: 'if false then\n' },
      {
        file: 'lua/enter.lua',
        from: 'if not was_waiting and not since then return',
        to: 'if how ~= ENTERED and not was_waiting and not since then return',
      },
      {
        file: 'lua/enter.lua',
        from: "if subject ~= '' and redis.call('HEXISTS', KEYS[8], subject) == 1 then",
        to: "if subject ~= '' and (redis.call('HGET', KEYS[8], subject) or int(seq)) ~= int(seq) then",
      },
    ],
    plan: () => pause(3_000),
  },
  {
    name: 'bug-reused-seq',
    short: true,
    what: 'a recovery goes on at the number that Redis still knows, so lost ones are given out again',
    expected: 'doubled',
    patches: [
      {
        file: 'lua/recover.lua',
        from: 'local counter = (is_ours and math.max(event.seq, known.seq) or event.seq) + tonumber(ARGV[7])',
        to: 'local counter = event.seq',
      },
      { file: 'lua/recover.lua', from: 'or known.seq > event.seq or', to: 'or' },
    ],
    plan: loseSeconds,
  },
  {
    name: 'bug-no-fence',
    short: true,
    what: 'transitions are sent to whichever run of Redis is there',
    expected: 'doubled',
    crowd: { arrivalsPerSec: 120 },
    patches: [
      {
        file: 'src/queue/store-base.ts',
        from: 'if (!event.run) return',
        to: 'if (event.id) return',
      },
    ],
    plan: loseSeconds,
  },
  {
    name: 'bug-places-not-given-back',
    what: 'what Redis lost is given back neither by gateways nor by tokens',
    expected: 'lost',
    patches: [
      {
        file: 'lua/merge.lua',
        from: 'if not is_known and may_be_lost(recoveries, seq) then given',
        to: 'if false then given',
      },
      { file: 'lua/give_back.lua', from: 'elseif how == 0 and not is_known then', to: 'elseif false then' },
    ],
    world: { refillPerSec: 10, capacity: 10 },
    plan: loseSeconds,
  },
  {
    name: 'bug-half-tokens',
    what: 'an enter costs half a token',
    expected: 'over-admitted',
    patches: [
      {
        file: 'lua/enter.lua',
        from: 'local tokens = bucket.tokens - MICRO\n',
        to: 'local tokens = bucket.tokens - MICRO / 2\n',
      },
    ],
    world: { refillPerSec: 10, capacity: 10 },
    plan: () => pause(6_000),
  },
  {
    name: 'bug-any-position',
    what: 'whoever comes while there is a token may enter, wherever they stand',
    expected: 'inverted',
    patches: [
      {
        file: 'lua/enter.lua',
        from: "if position > math.floor(reach / MICRO) then return 'tokens' end",
        to: "if bucket.tokens < MICRO then return 'tokens' end",
      },
    ],
    world: { refillPerSec: 5, capacity: 10 },
    plan: () => pause(8_000),
  },
  {
    name: 'bug-not-marked-stale',
    what: 'answers from memory do not say that they are old',
    expected: 'lie',
    patches: [
      {
        file: 'src/queue/served-event.ts',
        from: 'const stale = this.isStale || this.isRecovering || isLost;',
        to: 'const stale = isLost;',
      },
    ],
    plan: (world) => restart(world, 4_000),
  },
];

/** Runs a copy with the bug and prints what found it. @returns 1 where nothing did */
export async function runBug(bug: Bug, { seed, outDir }: { seed: number; outDir: string }): Promise<number> {
  const copy = await makeCopy(bug.patches);
  try {
    const { name, what: row, plan, world = {}, crowd = {} } = bug;
    const scenario = { name, row, plan, world, crowd, dist: () => join(copy, 'dist') };
    const options = { seed, isShort: true, outDir, settleMs: 3_000 };
    return report(bug, await runScenario(scenario, options)) ? 0 : 1;
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** Says what was found; whether it was the bug. */
function report({ name, expected, what }: Bug, { findings, broken, path }: Outcome): boolean {
  const found = findings.filter(({ kind }) => kind === expected);
  const rules = Map.groupBy(found, ({ rule }) => rule);
  const all = [...rules].map(([rule, each]) => `${rule} (${each.length})`).join(', ');
  if (found.length > 0)
    console.log(`FOUND  ${name}: ${what}\n  ${expected}: ${all}; first: ${found[0]?.text}`);
  else console.log([`MISSED ${name}: ${what}`, `no ${expected} in ${path}`, ...broken].join('\n  '));
  return found.length > 0;
}

/** A folder with a dist of the gateway in it, patched. @throws Error where a text to replace is not there, or twice */
async function makeCopy(patches: readonly Patch[]): Promise<string> {
  const copy = mkdtempSync(join(tmpdir(), 'tacos-bug-'));
  const dist = join(copy, 'dist');
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  for (const folder of ['lua', 'proto']) cpSync(join(root, folder), join(dist, folder), { recursive: true });
  const texts = new Map<string, string>();
  for (const { file, from, to } of patches) {
    const text = texts.get(file) ?? readFileSync(join(root, file), 'utf8');
    if (text.split(from).length !== 2) throw new Error(`${file} has this not exactly once: ${from}`);
    texts.set(
      file,
      text.replace(from, () => to),
    );
  }
  for (const [file, text] of texts) if (file.startsWith('lua/')) writeFileSync(join(dist, file), text);
  await build({
    absWorkingDir: root,
    entryPoints: { 'gateway/main': 'src/gateway/main.ts' },
    outdir: dist,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    packages: 'external',
    logLevel: 'warning',
    plugins: [
      {
        name: 'bug',
        setup: ({ onLoad }) => {
          onLoad({ filter: /\.ts$/ }, ({ path }) => {
            const contents = [...texts].find(([file]) => path === join(root, file))?.[1];
            return contents === undefined ? undefined : { contents, loader: 'ts' };
          });
        },
      },
    ],
  });
  return copy;
}
