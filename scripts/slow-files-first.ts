/** Order of test files: those that mostly wait come first, so that the others run beside them and not before them. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** From the root; three minutes or more, hardly any CPU. */
export const slowFiles: readonly string[] = ['test/system/sale-file.test.ts'];

const isSlow = ({ moduleId }: TestSpecification): boolean =>
  slowFiles.some((file) => moduleId.endsWith(file));

export class SlowFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}
