import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { manPages } from '../../scripts/reference/man.ts';
import { monitoringFiles } from '../../scripts/reference/monitoring/files.ts';
import { referencePages } from '../../scripts/reference/pages.ts';
import { scalePage } from '../../scripts/reference/scale.ts';
import { commandTexts } from '../../scripts/reference/tree.ts';

const folder = join(import.meta.dirname, '../../docs/reference');
const pages = referencePages();

describe('docs/reference', () => {
  it('is what `npm run docs` makes of the commands, exit codes and keys', () => {
    const stale = [...pages].filter(
      ([path, text]) => !existsSync(join(folder, path)) || readFileSync(join(folder, path), 'utf8') !== text,
    );
    expect(stale.map(([path]) => path)).toEqual([]);
    const there = globSync('**/*.md', { cwd: folder }).map((path) => path.replaceAll('\\', '/'));
    expect(there.filter((path) => !pages.has(path))).toEqual([]);
  });

  it('has a summary and an example for every command', () => {
    const bare = commandTexts().filter(({ summary, examples }) => summary === '' || examples.length === 0);
    expect(bare.map(({ path }) => path)).toEqual([]);
  });

  it('links only to pages that exist', () => {
    const broken = [...pages].flatMap(([path, text]) =>
      [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
        .map(([, target = '']) => join(path, '..', target))
        .filter((target) => !pages.has(target) && !existsSync(join(folder, target)))
        .map((target) => `${path}: ${target}`),
    );
    expect(broken).toEqual([]);
  });
});

describe('deploy', () => {
  it.each([...monitoringFiles()])('has %s as `npm run docs` makes it', (path, text) => {
    const file = join(import.meta.dirname, '../../deploy', path);
    expect(existsSync(file) && readFileSync(file, 'utf8') === text).toBe(true);
  });
});

describe('docs/scale.md', () => {
  it('says what `tacos capacity` says', () => {
    expect(readFileSync(join(folder, '../scale.md'), 'utf8')).toBe(scalePage());
  });
});

describe('man pages', () => {
  const man = manPages('1.2.3');

  it('are there for every command and topic, each with its name, and no line that roff would take for a request', () => {
    expect([...man.keys()]).toContain('man1/tacos-bucket-set.1');
    expect([...man.keys()]).toContain('man7/tacos-exit-codes.7');
    for (const [path, text] of man) {
      expect([path, /^\.TH "TACOS[^"]*" "[17]"/.test(text)]).toEqual([path, true]);
      const requests = text.split('\n').filter((line) => /^[.']/.test(line));
      expect(requests.filter((line) => !/^\.(TH|SH|TP|B|nf|fi)\b/.test(line))).toEqual([]);
    }
  });

  it('are read by man without a warning, where there is one', () => {
    if (!existsSync('/usr/bin/groff')) return;
    const here = mkdtempSync(join(tmpdir(), 'tacos-man-'));
    try {
      const file = join(here, 'page.1');
      writeFileSync(file, man.get('man1/tacos-queue-watch.1') ?? '');
      const shown = execFileSync('groff', ['-man', '-Tascii', '-ww', '-P-cbou', file], { encoding: 'utf8' });
      expect(shown).toContain('tacos queue watch');
    } finally {
      rmSync(here, { recursive: true, force: true });
    }
  });
});
