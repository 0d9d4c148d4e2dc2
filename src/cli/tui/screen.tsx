/** The live screen: boxes and text, no effects. */
import { Box, Text, type TextProps } from 'ink';
import stringWidth from 'string-width';
import { middleCut } from '../output/table.ts';
import { controls } from './controls.ts';
import type { Part, Tone } from './rows.ts';
import type { Model } from './store.ts';

/** Size of the terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Below this only a summary fits. */
export const smallest: Size = { columns: 60, rows: 15 };

type Looks = Pick<TextProps, 'color' | 'dimColor' | 'bold'>;

const looks: Readonly<Record<Tone, Looks>> = {
  plain: {},
  dim: { dimColor: true },
  good: { color: 'green' },
  warn: { color: 'yellow' },
  bad: { color: 'red', bold: true },
};

const badgeLooks: Readonly<Record<string, Looks>> = {
  PROD: { color: 'red', bold: true },
  STAGING: { color: 'yellow', bold: true },
};

/** All of the screen; never taller than the terminal less one row. */
export function WatchScreen({ model, size, rule }: { model: Model; size: Size; rule: string }) {
  if (size.columns < smallest.columns || size.rows < smallest.rows) {
    return <Text wrap="truncate">{` ${model.badge}  ${model.summary}  (enlarge to 60x15)`}</Text>;
  }
  const height = size.rows - 1;
  const body = height - 4;
  const ruleLine = <Text dimColor>{rule.repeat(size.columns)}</Text>;
  return (
    <Box flexDirection="column" width={size.columns} height={height}>
      <Header model={model} columns={size.columns} />
      {ruleLine}
      <Box flexDirection="column" height={body} overflow="hidden">
        {model.showsHelp ? <Help /> : <Body model={model} lines={body} />}
      </Box>
      {ruleLine}
      <Text wrap="truncate">{` ${controls.map(({ key, label }) => `${key} ${label}`).join('  ')}`}</Text>
    </Box>
  );
}

function Header({ model, columns }: { model: Model; columns: number }) {
  const { badge, title, link, time, frozen } = model;
  const right = [frozen, link.text, time].filter((text) => text !== '').join('  ');
  const room = columns - stringWidth(badge) - stringWidth(right) - 5;
  const shown = middleCut(title, Math.max(1, room));
  const gap = ' '.repeat(Math.max(1, room - stringWidth(shown) + 1));
  return (
    <Text wrap="truncate">
      <Text {...badgeLooks[badge]}>{` ${badge}`}</Text>
      {`  ${shown}${gap}`}
      {frozen === '' ? null : <Text color="cyan">{`${frozen}  `}</Text>}
      <Text {...looks[link.tone]}>{link.text}</Text>
      {time === '' ? null : `  ${time}`}
    </Text>
  );
}

function Body({ model, lines }: { model: Model; lines: number }) {
  const { rows, changes, isStale } = model;
  const room = Math.max(0, lines - rows.length - 1);
  return (
    <>
      {rows.map(({ label, parts }) => (
        <Text key={label} wrap="truncate" dimColor={isStale}>
          {` ${label.padEnd(10)}`}
          {parts.map(({ id, text, tone }: Part) => (
            <Text key={id} {...(isStale ? looks.dim : looks[tone])}>
              {text}
            </Text>
          ))}
        </Text>
      ))}
      <Text> </Text>
      {changes.slice(0, room).map(({ id, text }, at) => (
        <Text key={id} wrap="truncate" dimColor={at > 0}>
          {` ! ${text}`}
        </Text>
      ))}
    </>
  );
}

function Help() {
  return (
    <>
      <Text> KEYS</Text>
      {controls.map(({ key, label, help }) => (
        <Text key={key} wrap="truncate">{`   ${key}  ${label.padEnd(8)} ${help}`}</Text>
      ))}
      <Text>{'   Ctrl-C  quit, Ctrl-Z  suspend'}</Text>
      <Text> </Text>
      <Text wrap="truncate" dimColor>
        {' A dot in a chart is a time without data. ~ before a wait: a rough guess.'}
      </Text>
    </>
  );
}
