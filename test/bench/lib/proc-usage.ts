/** CPU time and memory of process trees, as Linux counts them in /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** Ticks a second of the times in /proc/PID/stat: 100 on every Linux that Node runs on. */
const ticksPerSec = 100;

/** Milliseconds of CPU (user and system) that a process and all below it have used; in steps of 10 ms. */
export function cpuMs(pid: number): number {
  return treeOf(pid).reduce((sum, { ticks }) => sum + ticks, 0) * (1000 / ticksPerSec);
}

/** Resident memory of a process and all below it, bytes. */
export function residentBytes(pid: number): number {
  return treeOf(pid).reduce((sum, one) => sum + residentOf(one.pid), 0);
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

function treeOf(root: number): Process[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readStat(Number(name)) : []));
  const tree = all.filter(({ pid }) => pid === root);
  for (const parent of tree) tree.push(...all.filter((one) => one.parent === parent.pid));
  return tree;
}

/** Empty for a process that ended meanwhile. */
function readStat(pid: number): Process[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces; fields are counted behind it (proc(5): 4 = parent, 14 and 15 = ticks).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [{ pid, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }];
  } catch {
    return [];
  }
}

function residentOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}
