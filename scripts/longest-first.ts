import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take longest, in the order in which they start: a long one that starts last keeps the other workers idle.
 */
export const longest: readonly string[] = [
  'test/system/operators.test.ts',
  'test/system/sale.test.ts',
  'test/system/doctor-cli.test.ts',
  'test/system/auth-login.test.ts',
  'test/system/users.test.ts',
  'test/system/hpa-desk.test.ts',
  'test/system/promises/journey.test.ts',
  'test/system/promises/order.test.ts',
  'test/system/link.test.ts',
  'test/system/completion.test.ts',
  'test/system/key-rotation.test.ts',
  'test/system/tracing.test.ts',
  'test/system/budget.test.ts',
  'test/system/oidc-provider.test.ts',
  'test/system/outage.test.ts',
  'test/system/prometheus.test.ts',
  'test/system/doctor.test.ts',
  'test/system/actions.test.ts',
  'test/system/terminal.test.ts',
  'test/system/rate-limit.test.ts',
  'test/system/gateway-processes.test.ts',
  'test/system/backends.test.ts',
  'test/system/desk-reads.test.ts',
  'test/system/backends-fault.test.ts',
];

/** Starts the files of `longest` first within their project, and the others as vitest would. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { root } = this.ctx.config;
    const placeOf = ({ moduleId }: TestSpecification): number => {
      const place = longest.indexOf(relative(root, moduleId).replaceAll('\\', '/'));
      return place < 0 ? longest.length : place;
    };
    // vitest's order keeps projects together, in their turn; sorting is stable.
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project))];
    return projects.flatMap((project) =>
      sorted.filter((file) => file.project === project).sort((a, b) => placeOf(a) - placeOf(b)),
    );
  }
}
