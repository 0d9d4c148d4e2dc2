/** Files that say how many people come when. */
import type { RatePiece } from '../../../forecast/curve.ts';
import { usageError } from '../../errors.ts';
import { readGiven } from '../../given-file.ts';
import { clean } from '../../output/clean.ts';
import type { Runtime } from '../../runtime.ts';

/** Most lines of a file. */
const linesMax = 100_000;
/** Most people a second. */
const perSecMax = 1_000_000;

/** Reads and parses the file; `-` = standard input. @throws CliError (usage) */
export async function readArrivals(runtime: Runtime, file: string): Promise<RatePiece[]> {
  if (file === '-') return parseArrivals(await runtime.readStdin(), 'standard input');
  return parseArrivals(readGiven(`--arrivals ${file}`, file), file);
}

/**
 * Parses lines `atSec,perSec`, or `{"atSec": 0, "perSec": 20}`: from each line on the rate goes straight to the next
 * one's; two lines of one time are a jump; after the last its rate holds. Empty lines, lines that begin with # and a
 * heading `atSec,perSec` are left out.
 *
 * @throws CliError (usage) naming the line
 */
export function parseArrivals(text: string, name: string): RatePiece[] {
  const lines = text.split(/\r?\n/);
  if (lines.length > linesMax) throw usageError(`--arrivals ${name} has more than ${linesMax} lines`);
  const pieces: RatePiece[] = [];
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || /^atSec\s*,\s*perSec$/i.test(line)) continue;
    const at = `--arrivals ${name} line ${index + 1}`;
    const piece = line.startsWith('{') ? pieceOfJson(line) : pieceOfText(line);
    if (piece === undefined) throw usageError(`${at} "${shortly(line)}" is not atSec,perSec such as 60,20`);
    const { atSec, perSec } = piece;
    if (atSec < 0 || atSec < (pieces.at(-1)?.atSec ?? 0))
      throw usageError(`${at}: times must rise from 0 on`);
    if (perSec < 0 || perSec > perSecMax) throw usageError(`${at}: the rate must be from 0 to ${perSecMax}`);
    pieces.push(piece);
  }
  if (pieces.length === 0) throw usageError(`--arrivals ${name} holds no line`);
  return pieces;
}

function pieceOfText(line: string): RatePiece | undefined {
  const [, atSec, perSec] = /^(\d+(?:\.\d+)?)\s*[,;\t]\s*(\d+(?:\.\d+)?)$/.exec(line) ?? [];
  return atSec === undefined ? undefined : { atSec: Number(atSec), perSec: Number(perSec) };
}

function pieceOfJson(line: string): RatePiece | undefined {
  try {
    const { atSec, perSec } = JSON.parse(line) as Record<string, unknown>;
    return typeof atSec === 'number' && typeof perSec === 'number' ? { atSec, perSec } : undefined;
  } catch {
    return undefined;
  }
}

const shortly = (line: string): string => clean(line).slice(0, 40);
