import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, runScript } from './lib/project.mjs';

/** Writes docs/reference anew: what is there and is not made any more goes. */
export async function writeReference() {
  const { referencePages } = await import('./reference/pages.ts');
  const folder = join(root, 'docs/reference');
  const pages = referencePages();
  for (const name of readdirSync(folder, { recursive: true })) {
    const path = name.replaceAll('\\', '/');
    if (path.endsWith('.md') && !pages.has(path)) rmSync(join(folder, path));
  }
  writeAll(folder, pages);
}

/** Writes the page of settings. */
export async function writeSettings() {
  const { settingsPage } = await import('./reference/settings.ts');
  writeAll(join(root, 'docs/operate'), new Map([['settings.md', settingsPage()]]));
}

/** Writes the arithmetic of `tacos capacity`. */
export async function writeScale() {
  const { scalePage } = await import('./reference/scale.ts');
  writeAll(join(root, 'docs'), new Map([['scale.md', scalePage()]]));
}

/** Writes what Prometheus and Grafana load. */
export async function writeMonitoring() {
  const { monitoringFiles } = await import('./reference/monitoring/files.ts');
  writeAll(join(root, 'deploy'), monitoringFiles());
}

/** Writes the man pages below a folder: man1 and man7, as `man -M` wants them. */
export async function writeManPages(folder, version) {
  const { manPages } = await import('./reference/man.ts');
  writeAll(folder, manPages(version));
}

function writeAll(folder, pages) {
  for (const [path, text] of pages) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** With `--man FOLDER VERSION`, as the build calls it, the man pages; else the pages of docs/reference and the files of deploy. */
async function main() {
  const [what, folder, version] = process.argv.slice(2);
  if (what === '--man') return writeManPages(folder, version);
  await writeReference();
  await writeSettings();
  await writeScale();
  return writeMonitoring();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runScript(main);
