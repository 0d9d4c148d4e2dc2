/** The whole screen as text: header, panes, footer. Pure. */
import { footerText, type KeyRights } from './controls.ts';
import type { Glyphs } from './glyphs.ts';
import { type HeaderFacts, headerLine } from './header.ts';
import { layoutOf, smallest } from './layout.ts';
import { numberedPanes, paneOf, panes } from './panes/index.ts';
import { fitLine, type Line, line, part, type Size, titleLine, widthOf } from './text.ts';
import type { Pane, PaneName, View } from './view.ts';

/** Lines that stand together and are drawn anew together. */
export interface Block {
  readonly id: string;
  readonly lines: readonly Line[];
}

export interface Frame {
  /** Of the terminal that it is made for: rows and columns belong together, so nothing is drawn at another one. */
  readonly size: Size;
  /** Columns of blocks below the header; in layout A one. */
  readonly head: readonly Line[];
  readonly left: readonly Block[];
  readonly right: readonly Block[];
  readonly leftColumns: number;
  readonly foot: readonly Line[];
  /** Values are old: drawn dim. */
  readonly isDim: boolean;
}

export interface FrameFacts {
  readonly size: Size;
  readonly header: HeaderFacts;
  readonly rights: KeyRights;
  /** undefined = nothing was heard yet. */
  readonly view: View | undefined;
  readonly glyphs: Glyphs;
  readonly isOld: boolean;
  /** In the place of the panes, such as a form. */
  readonly panel?: { readonly lines: readonly Line[]; readonly footer: string } | undefined;
  /** In the place of the footer, such as what is being typed. */
  readonly prompt?: string | undefined;
  /** Said when the terminal is too small. */
  readonly summary: string;
}

/** Everything that is drawn at a size; never taller than the terminal less one row. */
export function frameOf(facts: FrameFacts): Frame {
  const { size, header, glyphs, view, panel } = facts;
  const layout = layoutOf(size);
  if (layout.kind === 'small') return smallFrame(` ${header.badge}  ${facts.summary}`, size);
  const isWide = layout.kind === 'B';
  const head = [
    headerLine(header, size.columns),
    line((isWide ? glyphs.doubleRule : glyphs.rule).repeat(size.columns), 'dim'),
  ];
  const foot = [line(glyphs.rule.repeat(size.columns), 'dim'), line(footOf(facts, layout.kind))];
  const common = { size, head, foot, right: [], leftColumns: size.columns, isDim: facts.isOld };
  if (panel !== undefined) {
    return {
      ...common,
      isDim: false,
      left: [{ id: 'panel', lines: panel.lines.slice(0, layout.body.rows) }],
    };
  }
  if (view === undefined) return { ...common, left: skeleton(layout.kind) };
  if (layout.kind === 'A') return { ...common, left: narrowBlocks(view, layout.body) };
  return {
    ...common,
    leftColumns: layout.left[0]?.size.columns ?? size.columns,
    left: layout.left.map(({ name, size: slot }) => ({ id: name, lines: paneLines(name, view, slot, 1) })),
    right: rightBlocks(layout.right, view, layout.body.rows),
  };
}

/** What is said on a terminal that is too small, and what to do: below it where it finds no room beside it. */
export function smallFrame(summary: string, size: Size): Frame {
  const { columns, rows } = size;
  const hint = `(enlarge to ${smallest.columns}x${smallest.rows})`;
  const isOneLine = rows < 3 || widthOf(line(`${summary}  ${hint}`)) <= columns;
  const texts = isOneLine ? [`${summary}  ${hint}`] : [summary, ` ${hint}`];
  return { ...empty, size, head: texts.map((text) => fitLine(line(text), columns)), leftColumns: columns };
}

/** Rows and columns that a panel has. */
export const panelSize = ({ columns, rows }: Size): Size => ({ columns, rows: Math.max(1, rows - 5) });

const empty: Omit<Frame, 'size'> = { head: [], left: [], right: [], leftColumns: 0, foot: [], isDim: false };

function footOf({ rights, size, view, panel, prompt }: FrameFacts, layout: 'A' | 'B'): string {
  if (prompt !== undefined) return ` ${prompt}`;
  if (panel !== undefined) return ` ${panel.footer}`;
  const labels = view?.snapshot.paused === true ? { pause: 'resume' } : {};
  return footerText(layout, { rights, columns: size.columns, labels });
}

/** One line each, then the pane that has the focus with the rest of the rows. */
function narrowBlocks(view: View, body: Size): Block[] {
  const short = panes.flatMap((pane): Block[] => {
    const compact = pane.compact?.(view, body.columns);
    return compact === undefined ? [] : [{ id: pane.name, lines: [fitLine(compact, body.columns)] }];
  });
  const rows = body.rows - short.length;
  const focused = { columns: body.columns, rows };
  return [...short, { id: 'main', lines: paneLines(view.focus, view, focused, 2) }];
}

/** Rows that the pane in focus has under layout A, its title not counted; for moving about in it. */
export function tableRows(view: Pick<View, 'snapshot' | 'changes'>, size: Size): number {
  const layout = layoutOf(size);
  if (layout.kind === 'small') return 1;
  if (layout.kind === 'B') {
    return (layout.left.find(({ name }) => name === 'positions')?.size.rows ?? 3) - 2;
  }
  const alarm = view.snapshot.alarms.length > 0 ? 1 : 0;
  const change = view.changes.length > 0 ? 1 : 0;
  return Math.max(1, layout.body.rows - compactAlways - alarm - change - 2);
}
/** Panes that always have their one line. */
const compactAlways = 6;

/** A pane with its title, exactly as large as its slot. */
export function paneLines(name: PaneName, view: View, size: Size, end: number): Line[] {
  const pane = paneOf(name);
  const inner = { columns: size.columns, rows: size.rows - 1 };
  const lines = pane.lines(view, inner).slice(0, inner.rows);
  const filler = Array.from({ length: inner.rows - lines.length }, () => line(''));
  return [
    titleOf(pane, view, { size, end }),
    ...[...lines, ...filler].map((each) => fitLine(each, size.columns)),
  ];
}

function titleOf(pane: Pane, view: View, { size, end }: { size: Size; end: number }): Line {
  const isWide = end === 1;
  const number = isWide && pane.number !== undefined ? `${pane.number} ` : '';
  const inner = { columns: size.columns, rows: size.rows - 1 };
  const right = pane.right?.(view);
  return titleLine(
    {
      name: `${number}${pane.heading}`,
      figures: pane.figures?.(view, inner) ?? '',
      ...(right === undefined ? {} : { right }),
      isFocused: isWide && view.focus === pane.name,
    },
    { width: size.columns, end, glyphs: view.glyphs },
  );
}

function rightBlocks(slots: readonly { name: PaneName; size: Size }[], view: View, rows: number): Block[] {
  const edge = part(view.glyphs.split, 'dim');
  const blocks = slots.map(({ name, size }) => ({
    id: name,
    lines: paneLines(name, view, size, 1).map((each) => [edge, ...each]),
  }));
  const used = slots.reduce((sum, { size }) => sum + size.rows, 0);
  const filler = Array.from({ length: Math.max(0, rows - used) }, () => [edge]);
  return filler.length === 0 ? blocks : [...blocks, { id: 'filler', lines: filler }];
}

/** What stands there before the first data. */
function skeleton(layout: 'A' | 'B'): Block[] {
  const labels =
    layout === 'A'
      ? ['WAITING', 'ADMITTED', 'BUCKET', 'REDIS', 'ETA tail', 'STATE']
      : numberedPanes.map(({ number, heading }) => `${number} ${heading}`);
  return [{ id: 'skeleton', lines: labels.map((label) => line(` ${label.padEnd(10)}-`, 'dim')) }];
}
