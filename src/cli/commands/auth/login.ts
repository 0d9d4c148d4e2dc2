import { pollDevice, startDevice } from '../../auth/device-flow.ts';
import { discover } from '../../auth/issuer.ts';
import { removeLogin, writeLogin } from '../../auth/login-store.ts';
import { loginOf } from '../../auth/stored-token.ts';
import { type Cli, type Connection, createCli } from '../../cli.ts';
import type { ResolvedContext } from '../../context.ts';
import { localName } from '../../context-names.ts';
import { CliError, usageError } from '../../errors.ts';
import { exitCodes } from '../../exit-codes.ts';
import { authStatus } from './status.ts';

/** Flags of `tacos auth login`. */
export interface LoginFlags {
  readonly issuer?: string;
  readonly clientId?: string;
  readonly scope?: string;
}

/** Asks for a refresh token too: without one the sign-in ends with the first token. */
const scopeDefault = 'openid offline_access';

/** `tacos auth login`. @throws CliError (2 no issuer, 4 declined or too late, 7 not reached) */
export async function authLogin(cli: Cli, flags: LoginFlags): Promise<void> {
  const connection = await cli.connect('anonymous');
  const { runtime } = cli;
  const { name, server, oidc } = connection.context;
  if (name === localName) throw usageError('"local" needs no sign-in: tacos up has a token of its own');
  const { issuer, clientId, scope } = await loginAt(connection, asked(oidc, flags));
  const discovery = await discover(issuer);
  const device = await startDevice(discovery, { clientId, scope });
  const { verification_uri: page, verification_uri_complete: whole, user_code: code } = device;
  runtime.stderr.write(`To sign in to "${name}", open  ${page}\nand enter the code      ${code}\n`);
  if (whole !== undefined && whole !== page) runtime.stderr.write(`or open                 ${whole}\n`);
  runtime.stderr.write(
    'waiting for the browser, Ctrl-C to give up …\n'.replace('…', cli.flags.ascii ? '...' : '…'),
  );
  const tokens = await pollDevice(runtime, discovery, { clientId, scope }, device);
  writeLogin(runtime, name, loginOf({ server, issuer, clientId, scope }, tokens, runtime.clock.now()));
  await showWho(cli, connection.context, tokens.refresh_token !== undefined);
}

/** The server has the last word: a sign-in that it does not take is not kept. */
async function showWho(cli: Cli, { name }: ResolvedContext, canRenew: boolean): Promise<void> {
  const { runtime, flags } = cli;
  const { TACOS_TOKEN_FILE: envFile, ...env } = runtime.env;
  const { tokenFile, ...others } = flags;
  try {
    await authStatus(createCli({ ...runtime, env }, others));
  } catch (error) {
    if (error instanceof CliError && error.details.exitCode === exitCodes.notAllowed) {
      removeLogin(runtime, name);
    }
    throw error;
  }
  const warn = (text: string): unknown => runtime.stderr.write(`warning: ${text}\n`);
  warn('the sign-in is kept in a file that only you can read, not in a keychain');
  if (!canRenew) warn('the issuer gave no refresh token: sign in again when it ends');
  if (tokenFile !== undefined || envFile) {
    warn(`${tokenFile === undefined ? 'TACOS_TOKEN_FILE' : '--token-file'} goes before this sign-in`);
  }
}

/** Flags before the context; what the context says of one issuer is not for another. */
function asked(oidc: ResolvedContext['oidc'], { issuer, clientId, scope }: LoginFlags): LoginFlags {
  const isSame = issuer === undefined || issuer === oidc?.issuer;
  const written = isSame ? { ...oidc } : {};
  return Object.fromEntries(
    Object.entries({
      issuer: issuer ?? written.issuer,
      clientId: clientId ?? written.clientId,
      scope: scope ?? written.scope,
    }).filter(([, value]) => value !== undefined),
  );
}

/** Where to sign in: as flags and the context say, for the rest as the server says. */
async function loginAt({ api, context }: Connection, { issuer, clientId, scope }: LoginFlags) {
  if (issuer !== undefined && clientId !== undefined)
    return { issuer, clientId, scope: scope ?? scopeDefault };
  const { logins = [] } = await api.version();
  const matching = issuer === undefined ? logins : logins.filter((each) => each.issuer === issuer);
  const [login, other] = matching;
  if (login === undefined) {
    throw usageError(
      `the server of "${context.name}" names no ${issuer === undefined ? 'issuer' : `client for ${issuer}`}: give --issuer and --client-id`,
    );
  }
  if (other !== undefined) {
    const names = logins.map((each) => each.issuer).join(', ');
    throw usageError(`the server of "${context.name}" takes several issuers: give --issuer, one of ${names}`);
  }
  return { issuer: login.issuer, clientId: clientId ?? login.clientId, scope: scope ?? login.scope };
}
