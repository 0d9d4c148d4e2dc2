/**
 * The layouts of the live screen, written by hand: columns and rules exactly, figures and names by class.
 *
 * `9` a digit, `¤` one character of a figure or word, `_` one of those or a blank, `¿` anything but a rule,
 * `▒` one of a chart, `▓` one of a chart or a blank, `≈` the rest of a title and then its rule, `…` any rest of the row.
 * Everything else stands for itself. A row that begins with `?` may be missing, one that begins with `*` is there as
 * often as there is room. Masks end with the row above the last one of the terminal, which stays blank.
 */

/** 80x24, read-only, frozen: one line a subject, then the line. */
export const narrowMask: readonly string[] = [
  ' TEST  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿  FROZEN ¤s  READ-ONLY  ● LIVE 9.9s  99:99:99 KST',
  '────────────────────────────────────────────────────────────────────────────────',
  ' WAITING   ¤______ ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒  ¤_____________…',
  ' ADMITTED  ¤______ ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒  ¤¿¿¿¿¿¿¿¿¿¿¿¿¿¿[1m] 5m 15m  · = no data…',
  ' BUCKET    ¤______ ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒  ¤____¤________…',
  ' REDIS     cpu ¤__ ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒  ¤¿¿¿¿¿¿¿¿¿¿  p99 ¤…',
  ' ETA tail  ¤______ conf 9.99 ¤…',
  ' STATE     ¤______ streams ¤…',
  '? ! ¤¤¤¤ …',
  ' ! 99:99:99 …',
  '── POSITIONS≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈ sort pos ─ filter none ──',
  '     POS  VISITOR           ETA   CONF  WAITED  BEAT  NOTE…',
  ' >_____¤  v_¤¤¤¤¤¤¤¤  ________¤___9.99_______¤_____¤…',
  '*  _____¤  v_¤¤¤¤¤¤¤¤  ________¤___9.99_______¤_____¤…',
  '────────────────────────────────────────────────────────────────────────────────',
  ' j/k move  / find  f freeze  t window  Tab pane  C command  ? help  q quit…',
];

/** 140x40, read-only, frozen: charts and the line at the left, figures and lists at the right. */
export const wideMask: readonly string[] = [
  ' TEST  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿  FROZEN ¤s  READ-ONLY  ● LIVE 9.9s   server v9.9.9   99:99:99 KST',
  '════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════',
  '── 1 WAITING≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈ 15m ─│── BUCKET  v9≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈',
  '____¤ ┤ ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓  │ tokens ¤…',
  '      ┤ ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓  │ refill ¤…',
  '      ┤ ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓  │ ¤¿¿¿¿¿¿¿¿¿¿¿¿¿¿ override none…',
  '____¤ ┤ ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓  │── REDIS  9 master≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈',
  '      ┤ ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓  │ cpu ¤…',
  '      ┤ ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓  │ ops ¤…',
  '    0 ┤ ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓  │ hottest ¤…',
  '       99:99           99:99           99:99            99:99           99:99         now  │── ETA≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈',
  '── 2 ADMISSION≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈ 15m ─│ tail ¤…',
  ' admit/s  ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒   ¤_____________│ rate 1m ¤…',
  ' refill/s ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒   ¤_____________│── FLEET  9 gateway≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈',
  ' tokens   ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒   ¤_____________│ ready 9/9   cpu ¤…',
  ' join/s   ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒   ¤_____________│ 5xx ¤…',
  '── 3 POSITIONS≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈ sort pos ─ filter none ─│── 4 CHANGES (audit)≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈',
  '     POS  VISITOR           ETA    CONF  WAITED    JOINED    BEAT  CLIENT    NOTE          │ 99:99:99 ¤¤¤¤__ …',
  ' >_____¤  v_¤¤¤¤¤¤¤¤  ________¤____9.99_______¤    99:99:99_____¤  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿│…',
  '  _____¤  v_¤¤¤¤¤¤¤¤  ________¤____9.99_______¤    99:99:99_____¤  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿│…',
  '  _____¤  v_¤¤¤¤¤¤¤¤  ________¤____9.99_______¤    99:99:99_____¤  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿│…',
  '  _____¤  v_¤¤¤¤¤¤¤¤  ________¤____9.99_______¤    99:99:99_____¤  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿│…',
  '  _____¤  v_¤¤¤¤¤¤¤¤  ________¤____9.99_______¤    99:99:99_____¤  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿│…',
  '  _____¤  v_¤¤¤¤¤¤¤¤  ________¤____9.99_______¤    99:99:99_____¤  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿│── 5 ALERTS≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈',
  '  _____¤  v_¤¤¤¤¤¤¤¤  ________¤____9.99_______¤    99:99:99_____¤  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿│…',
  '  _____¤  v_¤¤¤¤¤¤¤¤  ________¤____9.99_______¤    99:99:99_____¤  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿│…',
  '  _____¤  v_¤¤¤¤¤¤¤¤  ________¤____9.99_______¤    99:99:99_____¤  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿│…',
  '  _____¤  v_¤¤¤¤¤¤¤¤  ________¤____9.99_______¤    99:99:99_____¤  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿│…',
  '  _____¤  v_¤¤¤¤¤¤¤¤  ________¤____9.99_______¤    99:99:99_____¤  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿│…',
  '  _____¤  v_¤¤¤¤¤¤¤¤  ________¤____9.99_______¤    99:99:99_____¤  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿│…',
  '  _____¤  v_¤¤¤¤¤¤¤¤  ________¤____9.99_______¤    99:99:99_____¤  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿│…',
  '  _____¤  v_¤¤¤¤¤¤¤¤  ________¤____9.99_______¤    99:99:99_____¤  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿│…',
  '  _____¤  v_¤¤¤¤¤¤¤¤  ________¤____9.99_______¤    99:99:99_____¤  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿│…',
  '  _____¤  v_¤¤¤¤¤¤¤¤  ________¤____9.99_______¤    99:99:99_____¤  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿│…',
  '  _____¤  v_¤¤¤¤¤¤¤¤  ________¤____9.99_______¤    99:99:99_____¤  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿│…',
  '  _____¤  v_¤¤¤¤¤¤¤¤  ________¤____9.99_______¤    99:99:99_____¤  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿│…',
  '  _____¤  v_¤¤¤¤¤¤¤¤  ________¤____9.99_______¤    99:99:99_____¤  ¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿¿│…',
  '────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────',
  ' 1-5 pane  j/k move  / find  f freeze  t window  C command  L audit  ? help  q quit…',
];

/** The same mask for a line in which nobody waits. */
export const emptied = (mask: readonly string[]): string[] =>
  mask
    .filter((text) => !/^ >_/.test(text) || text.includes('│'))
    .map((text) =>
      text.replace(/[ >]_____¤ {2}v_[^│]*/, (row) => (row.endsWith('…') ? '' : ' '.repeat(row.length))),
    );

const figure = '[\\w.,+\\-~>%/:()]';
const classes: Readonly<Record<string, string>> = {
  '9': '\\d',
  '¤': figure,
  _: `(?:${figure}| )`,
  '¿': '[^─═│]',
  '▒': '[▁-█░·]',
  '▓': '[▁-█░· ]',
  '…': '[^─═│]*',
};

/** What differs between a screen and a mask, one sentence a row; none = it is as it should be. */
export function maskFaults(screen: readonly string[], mask: readonly string[], columns: number): string[] {
  const rows = screen.map((row) => row.padEnd(columns));
  const faults: string[] = [];
  const end = rows.length - 1;
  if (rows[end]?.trim() !== '') faults.push(`the last row is not blank: ${rows[end]}`);
  let at = 0;
  const fits = (text: string): boolean => patternOf(text).test(rows[at] ?? '') && at < end;
  for (const [index, text] of mask.entries()) {
    if (text.startsWith('?')) {
      if (fits(text.slice(1))) at += 1;
      continue;
    }
    if (text.startsWith('*')) {
      const after = mask.length - index - 1;
      while (at < end - after) {
        if (!fits(text.slice(1))) faults.push(fault(at, text.slice(1), rows));
        at += 1;
      }
      continue;
    }
    if (!fits(text)) faults.push(fault(at, text, rows));
    at += 1;
  }
  if (at !== end) faults.push(`${end} rows are drawn, the mask has ${at}`);
  for (const [index, row] of rows.entries()) {
    if (row.length !== columns) faults.push(`row ${index + 1} is ${row.length} columns wide`);
  }
  return faults;
}

const fault = (at: number, text: string, rows: readonly string[]): string =>
  `row ${at + 1}\n  mask   ${text}\n  screen ${rows[at]}`;

function patternOf(text: string): RegExp {
  const body = text.replace(/≈+|[^≈]/gu, (part) => {
    if (part.startsWith('≈')) return `(?=[^─│]* ─)[^│]{${part.length - 1}}─`;
    return classes[part] ?? part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  });
  return new RegExp(`^${body} *$`, 'u');
}
