import type { Cli } from '../../cli.ts';
import { printResult } from '../../output/document.ts';
import type { Column } from '../../output/table.ts';
import type { AuthStatus } from '../../schema-kinds.ts';

const columns: readonly Column<AuthStatus>[] = [
  { head: 'CONTEXT', value: ({ context }) => context },
  { head: 'NAME', value: ({ name }) => name },
  { head: 'ROLE', value: ({ role }) => role },
  { head: 'ISSUER', value: ({ issuer }) => issuer },
  { head: 'EXPIRES', value: ({ expiresAt }) => expiresAt },
  { head: 'TOKEN_FROM', value: ({ tokenFrom }) => tokenFrom, wide: true },
  { head: 'SERVER', value: ({ server }) => server, wide: true },
];

/** `tacos auth status`: asks the server, which alone knows. @throws CliError (4) when it knows nobody */
export async function authStatus(cli: Cli): Promise<void> {
  const { api, context } = await cli.connect('read');
  const { asOf, item, warnings } = await api.whoami();
  const status: AuthStatus = {
    ...item,
    context: context.name,
    server: context.server,
    tokenFrom: context.tokenOrigin ?? '',
  };
  const result = { kind: 'AuthStatus', context: context.name, asOf, items: [status], single: true };
  await printResult(cli.runtime, { ...result, warnings, columns, name: ({ name }) => name }, cli.flags);
}
