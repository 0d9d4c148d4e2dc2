/**
 * Every figure on a frame of the live screen, read from where it stands, beside what a snapshot says it has to be.
 * Written without the screen's own code, so that a wrong figure cannot agree with itself.
 */
import type { QueueSnapshot } from '../../src/contract/snapshot.ts';
import type { PositionRow } from '../../src/contract/visitors.ts';

/** Figures by name, as text. */
export type Figures = Readonly<Record<string, string>>;

const count = (value: number): string => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
/** A rate that rounds to nothing has no sign. */
const rate = (value: number): string => value.toFixed(1).replace(/^-(0\.0)$/, '$1');
const dash = (value: number | null, text: (value: number) => string): string =>
  value === null ? '-' : text(value);
const two = (value: number): string => String(value).padStart(2, '0');

function duration(sec: number): string {
  const whole = Math.max(0, Math.round(sec));
  const minutes = Math.floor(whole / 60);
  if (minutes === 0) return `${whole}s`;
  if (minutes < 60) return `${minutes}m${two(whole % 60)}s`;
  return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`;
}

function bytes(value: number): string {
  const [unit, size] = value >= 1e9 ? ['GB', 1e9] : value >= 1e6 ? ['MB', 1e6] : ['kB', 1e3];
  const amount = value / Number(size);
  return `${amount >= 10 ? Math.round(amount) : amount.toFixed(1)}${unit}`;
}

const clock = (at: string, timeZone: string | undefined): string =>
  new Date(at).toLocaleTimeString('en-GB', {
    ...(timeZone === undefined ? {} : { timeZone }),
    hourCycle: 'h23',
  });

/** A wait: `~` before a rough one, `>10m` where the fallback knows no more. */
function wait(sec: number, confidence: number): string {
  if (sec >= 600 && confidence <= 0.2) return '>10m';
  return `${confidence < 0.6 ? '~' : ''}${duration(sec)}`;
}

function rowFigures(row: PositionRow, joined: string): string {
  const { position, visitor, etaSec, confidence, waitedSec, heardSec, note } = row;
  const beat = dash(heardSec, (sec) => (sec < 1_000 ? `${Math.round(sec)}s` : duration(sec)));
  const eta = dash(etaSec, (sec) => wait(sec, confidence ?? 1));
  const numbers = [position ?? '-', visitor, eta, dash(confidence, (value) => value.toFixed(2))];
  const times = [duration(waitedSec), joined, beat];
  return [...numbers, ...times, note ?? ''].filter((text) => text !== '').join(' ');
}

/**
 * What a snapshot has to look like, in both layouts; `rows` of the line are in sight. How the line moves (`trendsOf`) and
 * when it is empty are not among the figures: they rest on many snapshots, so that no single one tells them.
 */
export function figuresOf(snapshot: QueueSnapshot, layout: 'narrow' | 'wide', rows: number): Figures {
  const { bucket, redis, gateways, confidence } = snapshot;
  const { joinPerSec, admitPerSec, waiting } = snapshot;
  const { tokens } = bucket;
  const capacity = bucket.capacity.now;
  const refill = bucket.refillPerSec.now;
  const share = `${Math.round((admitPerSec / refill) * 100)}%`;
  const away = snapshot.awayTop.length === 0 ? '' : `, ${count(snapshot.away)} away`;
  const gain = snapshot.paused || tokens >= capacity ? 0 : refill - admitPerSec;
  // From ten minutes on it is a guess that is not shown.
  const fillSec = (capacity - tokens) / gain;
  const common = {
    time: clock(snapshot.asOf, snapshot.timeZone),
    waiting: count(waiting),
    admit: rate(admitPerSec),
    share,
    level: `${Math.floor(tokens)}/${Math.floor(capacity)}`,
    // An overdraft is shown as it is; a bucket is never less than empty.
    full: `${Math.max(0, Math.floor((Math.floor(tokens) / capacity) * 100))}%`,
    fullIn:
      tokens >= capacity ? 'full' : gain <= 0.05 || fillSec >= 600 ? '' : `full in ${duration(fillSec)}`,
    cpu: dash(redis.cpuPercent, (value) => `${Math.round(value)}%`),
    ops: dash(redis.opsPerSec, (value) =>
      value < 1_000 ? `${Math.round(value)}` : `${(value / 1_000).toFixed(1)}k`,
    ),
    p99: dash(redis.p99Ms, (value) => `${value.toFixed(1)}ms`),
    mem: dash(redis.usedMemoryBytes, bytes),
    tail: wait(snapshot.etaTailSec, confidence),
    conf: `${confidence.toFixed(2)} ${confidence >= 1 ? 'HIGH' : confidence >= 0.6 ? 'MEDIUM' : 'LOW'}`,
    streams: dash(gateways.streams, count),
    silent: count(snapshot.silentOver60Sec),
    errors: dash(gateways.errors5xxPercent, (value) => `${value.toFixed(2)}%`),
    gateways: `${gateways.inForce}/${gateways.seen}`,
    title:
      waiting + snapshot.awayTop.length === 0
        ? 'none'
        : `1-${Math.min(rows, waiting)} of ${count(waiting)}${away}`,
    change: snapshot.changes[0]?.auditId ?? '',
    ...Object.fromEntries(
      snapshot.top
        .slice(0, rows)
        .map((row, at) => [
          `row ${at + 1}`,
          rowFigures(row, layout === 'wide' ? clock(row.joinedAt, snapshot.timeZone) : ''),
        ]),
    ),
  };
  if (layout === 'narrow') {
    return {
      ...common,
      gain: `${rate(gain).startsWith('-') ? '' : '+'}${rate(gain)}/s`,
      admitted15m: count(snapshot.admitted15m),
      state: snapshot.paused ? 'PAUSED' : snapshot.phase.toUpperCase(),
    };
  }
  return {
    ...common,
    refill: rate(refill),
    refillTitle: rate(refill),
    refillPane: rate(refill),
    admitRow: rate(admitPerSec),
    levelRow: common.level,
    joins: rate(joinPerSec),
    version: String(bucket.revision),
    masters: dash(redis.masters, String),
    hottest: redis.hottestNode ?? '-',
    scriptErrors: dash(redis.scriptErrorsPerMin, String),
    median: wait(snapshot.etaMedianSec, confidence),
    admit1m: rate(snapshot.admitPerSec1m),
    admit5m: rate(snapshot.admitPerSec5m),
    admit15m: rate(snapshot.admitPerSec15m),
    fleet: String(gateways.seen),
    fleetCpu: dash(gateways.cpuPercent, (value) => `${value.toFixed(0)}%`),
    conflicts: dash(gateways.conflictsPercent, (value) => `${value.toFixed(1)}%`),
  };
}

/**
 * What may stand beside how many wait in the frame of a snapshot, of `all`, oldest first: how many more there are than
 * at most a minute before, a minute. Which second a screen compares with depends on when it was opened, and by its own
 * clock: any of 10 to 60 s will do, as long as the server says of that second what is taken for it.
 */
export function trendsOf(snapshot: QueueSnapshot, all: readonly QueueSnapshot[]): ReadonlySet<string> {
  const texts = new Set(['-/min']);
  const known = all.filter(({ seq }) => seq <= snapshot.seq);
  const agoSec = (of: QueueSnapshot | undefined): number =>
    of === undefined ? 0 : (Date.parse(snapshot.asOf) - Date.parse(of.asOf)) / 1000;
  const newest = known.filter((each) => agoSec(each) <= slackSec);
  for (const [at, oldest] of known.entries()) {
    const first = Math.max(10, Math.ceil(agoSec(known[at + 1]) - slackSec));
    const last = Math.min(60, agoSec(oldest) + slackSec);
    for (let sec = first; sec <= last; sec += 1) {
      for (const { waiting } of newest) {
        const perMin = Math.round(((waiting - oldest.waiting) / sec) * 60);
        texts.add(`${perMin > 0 ? '+' : ''}${perMin < 0 ? '-' : ''}${count(Math.abs(perMin))}/min`);
      }
    }
  }
  return texts;
}
/** A sample once a second, of what has come until then. */
const slackSec = 3;

/** What stands on a screen; a figure that is not where it belongs is `?`. */
export function figuresOn(screen: readonly string[], layout: 'narrow' | 'wide'): Figures {
  const found: Record<string, string> = {};
  const take = (pattern: RegExp): void => {
    const groups = screen.map((row) => pattern.exec(row)).find((match) => match !== null)?.groups;
    const names = [...pattern.source.matchAll(/\(\?<(\w+)>/g)].map(([, name]) => name ?? '');
    for (const name of names) found[name] = groups === undefined ? '?' : (groups[name] ?? '').trim();
  };
  for (const pattern of layout === 'narrow' ? narrowPatterns : widePatterns) take(pattern);
  const row = layout === 'narrow' ? narrowRow : wideRow;
  for (const text of screen) {
    const groups = row.exec(text)?.groups;
    if (groups === undefined) continue;
    const { pos = '', rest = '', joined = '', beat = '', note = '' } = groups;
    const figures = [pos, ...rest.trim().split(/\s+/), joined, beat, note];
    found[`row ${pos}`] = figures.filter((figure) => figure !== '').join(' ');
  }
  return found;
}

const chart = '[▁-█░·]+';
const narrowRow = /^ [ >] *(?<pos>\d+) {2}(?<rest>v_\S+ +\S+ +\S+ +\S+) +(?<beat>\S+) {2}(?<note>[A-Z0-9]*)$/;
const wideRow =
  /^ [ >] *(?<pos>\d+) {2}(?<rest>v_\S+ +\S+ +\S+ +\S+) {4}(?<joined>[\d:]{8}) +(?<beat>\S+) {2}\S+ +(?<note>[A-Z0-9]*) *│/;
const header = /READ-ONLY {2}● .*?(?<time>\d\d:\d\d:\d\d) KST$/;

const narrowPatterns: readonly RegExp[] = [
  header,
  new RegExp(`^ WAITING +(?<waiting>\\S+) +${chart} {2}(?<trend>\\S+)(?: +empty in ~\\S+)?$`),
  new RegExp(`^ ADMITTED +(?<admit>\\S+)/s +${chart} {2}(?<share>\\d+%) of refill `),
  new RegExp(`^ BUCKET +(?<level>\\S+) +${chart} {2}(?<full>\\d+%) +(?<gain>\\S+)(?<fullIn>.*)$`),
  new RegExp(
    `^ REDIS +cpu (?<cpu>\\S+) +${chart} {2}(?<ops>\\S+) ops/s +p99 (?<p99>\\S+) {2}mem (?<mem>\\S+)$`,
  ),
  /^ ETA tail +(?<tail>\S+) +conf (?<conf>[\d.]+ [A-Z]+) {2}n\(15m\)=(?<admitted15m>\S+) {3}clamp 10m (?:not )?reached$/,
  /^ STATE +(?<state>[A-Z]+) +streams (?<streams>\S+) {3}silent >60s (?<silent>\S+) {3}5xx (?<errors>\S+) {3}gateways (?<gateways>\S+)$/,
  /^ ! [\d:]{8} .*(?<change>aud_\w+)/,
  /^── POSITIONS (?<title>\S.*?) ─+ sort pos ─ filter none ──$/,
];

const widePatterns: readonly RegExp[] = [
  header,
  /^── 1 WAITING {2}(?<waiting>\S+) {3}(?<trend>\S+)(?: {3}empty in ~\S+ \([\d:]{8}\))? ─+ 15m ─│── BUCKET {2}v(?<version>\d+) ─+$/,
  /│ tokens (?<level>\S+) +[█░]{22} (?<full>\d+%)$/,
  /│ refill (?<refillPane>\S+)\/s(?: {2}set [\d:]{8} by \S+)?$/,
  /│ (?:-|(?<fullIn>full.*?)) +override none$/,
  /│── REDIS {2}(?<masters>\d+) masters? ─+$/,
  new RegExp(`│ cpu (?<cpu>\\S+) +${chart} {2}warn 70 {2}crit 85$`),
  /│ ops (?<ops>\S+)\/s +p99 (?<p99>\S+) +mem (?<mem>\S+)$/,
  /│ hottest (?<hottest>\S+).* {3}script errors (?<scriptErrors>\S+)$/,
  /^── 2 ADMISSION {2}(?<admit>\S+)\/s {3}(?<share>\d+%) of refill (?<refillTitle>\S+)\/s {3}over limit 0\.0\/s ─+ 15m ─│/,
  /│ tail (?<tail>\S+) +median (?<median>\S+) +conf (?<conf>[\d.]+ [A-Z]+)$/,
  /│ rate 1m (?<admit1m>\S+) +5m (?<admit5m>\S+) +15m (?<admit15m>\S+) +clamp (?:yes|no)$/,
  new RegExp(`^ admit/s +${chart} +(?<admitRow>\\S+) *│`),
  new RegExp(`^ refill/s +${chart} +(?<refill>\\S+) *│`),
  new RegExp(`^ tokens +${chart} +(?<levelRow>\\S+) *│`),
  new RegExp(`^ join/s +${chart} +(?<joins>\\S+) *│`),
  /│── FLEET {2}(?<fleet>\d+) gateways? v\S+ ─+$/,
  /│ ready (?<gateways>\S+) +cpu (?<fleetCpu>\S+) +streams (?<streams>\S+)$/,
  /│ 5xx (?<errors>\S+) +409 (?<conflicts>\S+) +silent (?<silent>\S+)$/,
  /^── 3 POSITIONS (?<title>\S.*?) ─+ sort pos ─ filter none ─│/,
  /│ [\d:]{8} .*(?<change>aud_\w+)$/,
];

/** Figures that differ, as `name: screen, snapshot`. */
export function differences(screen: Figures, snapshot: Figures): string[] {
  const names = new Set([...Object.keys(screen), ...Object.keys(snapshot)]);
  return [...names]
    .filter((name) => screen[name] !== snapshot[name])
    .map((name) => `${name}: the screen has ${screen[name]}, the snapshot ${snapshot[name]}`);
}
