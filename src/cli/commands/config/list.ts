import type { OptionValues } from 'commander';
import { readLogin } from '../../auth/login-store.ts';
import type { Cli } from '../../cli.ts';
import { type Config, readConfig } from '../../config-file.ts';
import { localName } from '../../context-names.ts';
import { currentContext, originOf } from '../../current-context.ts';
import { usageError } from '../../errors.ts';
import { findLocal } from '../../local.ts';
import { printResult } from '../../output/document.ts';
import type { Column } from '../../output/table.ts';
import { cacheFolder, configFile, stateFolder } from '../../paths.ts';
import type { SettingView } from '../../schema-kinds.ts';
import { type Setting, settingsOf } from '../../settings.ts';

const columns: readonly Column<SettingView>[] = [
  { head: 'KEY', value: ({ key }) => key },
  { head: 'VALUE', value: ({ value }) => value ?? undefined },
];
const originColumn: Column<SettingView> = { head: 'ORIGIN', value: ({ origin }) => origin };

/** `tacos config list`. @throws CliError (2) for a broken file */
export async function configList(cli: Cli, flags: OptionValues): Promise<void> {
  const items = await effective(cli, flags);
  const shown = flags.showOrigin === true ? [...columns, originColumn] : columns;
  await print(cli, { items, columns: shown });
}

/** `tacos config get KEY`: the bare value, with -o json its origin too. @throws CliError (2) */
export async function configGet(cli: Cli, key: string, flags: OptionValues): Promise<void> {
  const all = await effective(cli, flags);
  const item = all.find((each) => each.key === key);
  if (item === undefined) {
    throw usageError(`there is no setting "${key}": there are ${all.map((each) => each.key).join(', ')}`);
  }
  const { output } = cli.flags;
  if (output === 'table' || output === 'name') {
    cli.runtime.stdout.write(`${item.value ?? ''}\n`);
    return;
  }
  await print(cli, { items: [item], columns: [...columns, originColumn] });
}

async function print(
  { runtime, flags }: Cli,
  shown: { items: readonly SettingView[]; columns: readonly Column<SettingView>[] },
): Promise<void> {
  const context = shown.items.find(({ key }) => key === 'context')?.value ?? '';
  const asOf = new Date(runtime.clock.now()).toISOString();
  const result = { kind: 'ConfigList', context, asOf, warnings: [], ...shown };
  await printResult(runtime, { ...result, name: ({ key }) => key }, flags);
}

async function effective({ runtime, flags }: Cli, values: OptionValues): Promise<SettingView[]> {
  const config = await readConfig(runtime);
  const file = configFile(runtime);
  const { env, platform } = runtime;
  const place = placeOf({ runtime, flags }, config, file);
  const folders: Setting[] = [
    { key: 'configFile', value: file, origin: env.XDG_CONFIG_HOME ? 'env XDG_CONFIG_HOME' : 'built-in' },
    {
      key: 'stateFolder',
      value: stateFolder(runtime),
      origin: env.XDG_STATE_HOME ? 'env XDG_STATE_HOME' : 'built-in',
    },
    {
      key: 'cacheFolder',
      value: cacheFolder(runtime),
      origin: env.XDG_CACHE_HOME ? 'env XDG_CACHE_HOME' : 'built-in',
    },
  ];
  const all = [...place, ...settingsOf({ flags: values, env, platform, config, file }), ...folders];
  return all.map(({ key, value = null, origin }) => ({ key, value, origin }));
}

/** Context, server and token, found without asking anybody. */
function placeOf(
  { runtime, flags }: Pick<Cli, 'runtime' | 'flags'>,
  config: Config,
  file: string,
): Setting[] {
  const local = findLocal(runtime);
  const { name: told, origin } = currentContext(runtime, config);
  const name = flags.context ?? told ?? (local.runs ? localName : undefined);
  const nameOrigin =
    flags.context !== undefined
      ? 'flag --context'
      : origin === undefined
        ? local.runs
          ? 'the running tacos up'
          : 'built-in'
        : origin === 'config.yaml'
          ? file
          : `env ${origin}`;
  const server =
    name === localName && local.runs ? local.context.server : originOf(runtime, config, name ?? '');
  const serverOrigin =
    name === localName ? 'the running tacos up' : name === 'env' ? 'env TACOS_SERVER' : file;
  return [
    { key: 'context', value: name, origin: nameOrigin },
    { key: 'server', value: server, origin: server === undefined ? 'built-in' : serverOrigin },
    tokenOf({ runtime, flags }, { name, server }),
  ];
}

/** Whether there is a token, and from where; never the token. */
function tokenOf(
  { runtime, flags }: Pick<Cli, 'runtime' | 'flags'>,
  { name, server }: { name: string | undefined; server: string | undefined },
): Setting {
  const { TACOS_TOKEN_FILE, TACOS_TOKEN } = runtime.env;
  const from = (origin: string): Setting => ({ key: 'token', value: 'set', origin });
  if (flags.tokenFile !== undefined) return from('flag --token-file');
  if (name === localName) return from('the running tacos up');
  if (TACOS_TOKEN_FILE) return from('env TACOS_TOKEN_FILE');
  const login = name === undefined || server === undefined ? undefined : readLogin(runtime, name, server);
  if (login !== undefined) return from('auth login');
  return TACOS_TOKEN ? from('env TACOS_TOKEN') : { key: 'token', value: undefined, origin: 'built-in' };
}
