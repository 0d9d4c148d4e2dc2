/** Row 1: where this is, who looks, what may be done, how good the link is, and the time of the data. */
import { middleCut } from '../output/table.ts';
import type { LinkText } from './link-text.ts';
import { type Line, padTo, part, type Tone, widthOf } from './text.ts';

export interface HeaderFacts {
  readonly badge: string;
  /** `apne2-prod / evt_x`. */
  readonly place: string;
  /** Name of the event; '' = none. */
  readonly name: string;
  /** Host and port of the admin API. */
  readonly server: string;
  /** `as mina (operator)`; '' until known. */
  readonly user: string;
  readonly canWrite: boolean;
  readonly link: LinkText;
  /** `server v2.3.1`; '' until known. */
  readonly version: string;
  /** `14:03:21 KST`; '' before the first data. */
  readonly time: string;
  /** `FROZEN 12s`; '' while not. */
  readonly frozen: string;
  /** `clock +3s`, when ours and the server's differ; else ''. */
  readonly skew: string;
}

const badgeTones: Readonly<Record<string, Tone>> = { PROD: 'bad', STAGING: 'warn' };

/** The header, exactly as wide as the terminal: the name gives way first, then the rest of the left. */
export function headerLine(facts: HeaderFacts, columns: number): Line {
  const isWide = columns >= 120;
  const right: Line = [
    ...(facts.skew === '' ? [] : [part(`${facts.skew}  `, 'warn')]),
    ...(facts.frozen === '' ? [] : [part(`${facts.frozen}  `, 'info')]),
    part(facts.canWrite ? 'WRITE' : 'READ-ONLY', facts.canWrite ? 'warn' : 'plain'),
    part('  '),
    part(facts.link.text, facts.link.tone),
    ...(isWide && facts.version !== '' ? [part(`   ${facts.version}`)] : []),
    ...(facts.time === '' ? [] : [part(`${isWide ? '   ' : '  '}${facts.time}`)]),
  ];
  const badge = ` ${facts.badge}`;
  const room = Math.max(1, columns - badge.length - 2 - widthOf(right) - 2);
  const title = facts.name === '' ? facts.place : `${facts.place}  ${facts.name}`;
  const about = [facts.server, facts.user].filter((text) => text !== '').join('   ');
  const full = isWide && about !== '' ? `${title}   ${about}` : title;
  const shown = fits(full, room) ? full : fits(title, room) ? title : shorten(facts, room);
  return [part(badge, badgeTones[facts.badge] ?? 'bold'), part(`  ${padTo(shown, room)}  `), ...right];
}

const fits = (text: string, room: number): boolean => widthOf([part(text)]) <= room;

/** The place in full while it fits; where it leads matters more than how it is called. */
function shorten({ place, name }: HeaderFacts, room: number): string {
  const left = room - widthOf([part(place)]) - 2;
  return left >= 4 ? `${place}  ${middleCut(name, left)}` : middleCut(place, room);
}
