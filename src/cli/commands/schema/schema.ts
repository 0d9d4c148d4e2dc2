import { z } from 'zod';
import type { Cli } from '../../cli.ts';
import { usageError } from '../../errors.ts';
import { printResult } from '../../output/document.ts';
import { documentKinds, documentSchema, findKind } from '../../schema-kinds.ts';

/** `tacos schema [KIND]`. @throws CliError (2) naming the kinds */
export async function schema({ runtime, flags }: Cli, name: string | undefined): Promise<void> {
  if (name === undefined) {
    const items = documentKinds.map(({ kind, summary }) => ({ kind, summary }));
    const columns = [
      { head: 'KIND', value: ({ kind }: { kind: string }) => kind },
      { head: 'WHAT', value: ({ summary }: { summary: string }) => summary },
    ];
    const asOf = new Date(runtime.clock.now()).toISOString();
    const result = { kind: 'KindList', context: '', asOf, items, warnings: [], columns };
    await printResult(runtime, { ...result, name: ({ kind }) => kind }, flags);
    return;
  }
  const kind = findKind(name);
  if (kind === undefined) {
    throw usageError(
      `there is no kind "${name}": there are ${documentKinds.map((each) => each.kind).join(', ')}`,
      'tacos schema',
    );
  }
  const document = {
    title: kind.kind,
    description:
      kind.form === 'file'
        ? `${kind.summary}.`
        : `${kind.summary}. As -o json and yaml print it; -o jsonl prints the ${kind.form === 'list' ? 'items' : 'item'} alone.`,
    ...z.toJSONSchema(documentSchema(kind), { io: 'output' }),
  };
  if (flags.output === 'yaml') {
    const { stringify } = await import('yaml');
    runtime.stdout.write(stringify(document));
    return;
  }
  runtime.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}
