/** Where the load tests are: the folder k6/, above src/ in a checkout, inside of dist/ in an installed copy. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** @throws Error where this copy of tacos lacks it */
export function k6Folder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const found = join(folder, 'k6');
    if (existsSync(join(found, 'lib', 'profiles.js'))) return found;
    if (dirname(folder) === folder) throw new Error('the folder k6/ is missing from this copy of tacos');
  }
}
