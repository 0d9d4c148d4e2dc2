import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  exists,
  filesIn,
  findCycles,
  type ImportOf,
  importsOf,
  read,
  type SourceFile,
} from './source-files.ts';

const isTypeScript = ({ path }: SourceFile) => /\.tsx?$/.test(path);
const isTest = (path: string) => /\.test\.tsx?$/.test(path);

const all = filesIn('.');
const inSrc = all.filter((file) => file.path.startsWith('src/') && isTypeScript(file));
const inTest = all.filter((file) => file.path.startsWith('test/') && isTypeScript(file));
const lua = all.filter(({ path }) => path.startsWith('lua/') && path.endsWith('.lua'));
const includes = lua.filter(({ path }) => path.startsWith('lua/includes/'));
const scripts = lua.filter((file) => !includes.includes(file));
// The rules about words do not hold where they are written down.
const worded = all.filter(({ path }) => !path.startsWith('test/tidy/'));
const code = worded.filter((file) => /\.(tsx?|mjs|lua)$/.test(file.path));
const imports = inSrc.flatMap(importsOf);

/** Folder of src to the folders that it may import from, besides itself: one way, from right to left. */
const mayImport: Record<string, readonly string[]> = {
  contract: [],
  redis: ['contract'],
  forecast: ['contract'],
  queue: ['contract', 'redis', 'forecast'],
  grpc: ['contract'],
  gateway: ['contract', 'redis', 'queue', 'grpc'],
  'admin-api': ['contract', 'redis', 'queue'],
  cli: ['contract', 'forecast'],
  simulator: ['contract', 'grpc'],
};

/** Package to the only place in src that may import it. */
const onlyIn: Record<string, RegExp> = {
  ioredis: /^src\/redis\//,
  '@kubernetes/client-node': /^src\/admin-api\/cluster[/.]/,
};

const lineLimit = ({ path }: SourceFile) => {
  if (path.startsWith('lua/')) return 100;
  return path.startsWith('test/') || isTest(path) ? 500 : 300;
};

const lines = ({ text }: SourceFile) => text.split('\n').length - (text.endsWith('\n') ? 1 : 0);

/** Where a pattern occurs, as `path:line: the line`. */
function occurrences(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
}

const folderOf = (path: string) => path.split('/')[1] ?? '';
const show = ({ from, to }: ImportOf) => `${from} imports ${to}`;

describe('size', () => {
  it('keeps files short: 300 lines in src and scripts, 100 in lua, 500 in tests', () => {
    const measured = all.filter(({ path }) => /^(src|lua|test|scripts)\/.*\.(tsx?|mjs|lua)$/.test(path));
    const long = measured.filter((file) => lines(file) > lineLimit(file));
    expect(long.map((file) => `${file.path}: ${lines(file)} lines, ${lineLimit(file)} at most`)).toEqual([]);
  });
});

describe('imports', () => {
  it('go one way between the folders of src', () => {
    const allowed = ({ from, to }: ImportOf) => {
      const [source, target] = [folderOf(from), folderOf(to)];
      return source === target || mayImport[source]?.includes(target) === true;
    };
    const between = imports.filter(({ to, isPackage }) => !isPackage && to.startsWith('src/'));
    expect(between.filter((each) => !allowed(each)).map(show)).toEqual([]);
  });

  it('know every folder of src', () => {
    const folders = new Set(inSrc.map(({ path }) => folderOf(path)));
    expect([...folders].filter((folder) => mayImport[folder] === undefined)).toEqual([]);
  });

  it('take nothing from test/ into the product', () => {
    const wrong = imports.filter(({ from, to }) => !isTest(from) && to.startsWith('test/'));
    expect(wrong.map(show)).toEqual([]);
  });

  it('keep Redis behind src/redis and Kubernetes behind src/admin-api/cluster', () => {
    const packageOf = (name: string) => name.match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? name;
    const isWrong = ({ from, to, isPackage }: ImportOf) =>
      isPackage && !isTest(from) && onlyIn[packageOf(to)]?.test(from) === false;
    expect(imports.filter(isWrong).map(show)).toEqual([]);
  });

  it('have no circle', () => {
    const real = imports.filter(({ isType, isPackage }) => !isType && !isPackage);
    expect(findCycles(real).map((circle) => circle.join(' -> '))).toEqual([]);
  });
});

describe('code', () => {
  const typeScript = code.filter(isTypeScript);

  it('has no any type and switches no check off', () => {
    expect(occurrences(typeScript, /(?::|\bas|[<,|&(])\s*any\b\s*(?:[;,)\]}>=|&[{]|$)/)).toEqual([]);
    expect(occurrences(typeScript, /@ts-(ignore|nocheck)|noExplicitAny/)).toEqual([]);
  });

  it('has no note to finish later and no test left alone or out', () => {
    expect(occurrences(code, /\b(TODO|FIXME|XXX)\b/)).toEqual([]);
    expect(occurrences([...inSrc, ...inTest], /\b(it|test|describe)\.(only|skip|todo)\b/)).toEqual([]);
  });
});

describe('lua', () => {
  const head = ({ text }: SourceFile) => {
    const body = text.split('\n').filter((line) => !line.startsWith('#!'));
    const end = body.findIndex((line) => !line.startsWith('--'));
    return body.slice(0, end < 0 ? undefined : end);
  };
  const scriptName = ({ path }: SourceFile) => posix.basename(path, '.lua');

  it('has a test for each script', () => {
    expect(
      scripts.map((file) => `test/lua/${scriptName(file)}.test.ts`).filter((path) => !exists(path)),
    ).toEqual([]);
  });

  it('says in each head what the script promises, reads, answers and costs', () => {
    const parts = { KEYS: /^-- KEYS\b/, ARGV: /^-- ARGV\b/, RETURNS: /^-- RETURNS\b/, COST: /^-- COST\b/ };
    const missing = scripts.flatMap((file) => {
      const first = head(file)[0]?.startsWith(`-- ${scriptName(file)}: `)
        ? []
        : [`-- ${scriptName(file)}: purpose`];
      const others = Object.entries(parts).filter(([, form]) => !head(file).some((line) => form.test(line)));
      return [...first, ...others.map(([name]) => `-- ${name}`)].map((part) => `${file.path}: ${part}`);
    });
    expect(missing).toEqual([]);
  });

  it('gives includes a purpose, and all they need as parameters', () => {
    expect(includes.filter((file) => !/^-- \S/.test(file.text)).map(({ path }) => path)).toEqual([]);
    expect(occurrences(includes, /\b(KEYS|ARGV)\b/)).toEqual([]);
  });
});

describe('the repository', () => {
  it('plans the run of test files that are there, each once', () => {
    for (const plan of ['vitest.config.ts', 'scripts/longest-first.ts']) {
      const named = [...read(plan).text.matchAll(/'(test\/[^'*]+)'/g)].map(([, path = '']) => path);
      expect(named.length).toBeGreaterThan(2);
      expect(named.filter((path, at) => !exists(path) || named.indexOf(path) < at)).toEqual([]);
    }
  });

  it('names no package registry, not even in the lockfile', () => {
    const hosts = /\bregistry\.(npmjs|yarnpkg|npmmirror)\b|\b(artifactory|jfrog|verdaccio|codeartifact)\b/i;
    expect(occurrences(worded, hosts)).toEqual([]);
    expect(occurrences([read('package-lock.json')], /"resolved":/)).toEqual([]);
  });
});
