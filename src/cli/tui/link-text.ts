/** The link as the header shows it. While live its age is the server's own, so that a quiet queue draws no frames. */
import type { Link } from '../watch/link.ts';
import type { Tone } from './rows.ts';

export interface LinkText {
  readonly text: string;
  readonly tone: Tone;
}

/** Word, age, and the next attempt where one is due. */
export function linkText(link: Link, dot: string): LinkText {
  const inWords = (sec: number): string => (sec < 1 ? '<1s' : `${Math.floor(sec)}s`);
  const age = inWords(link.ageSec);
  const { retry } = link;
  const next = retry === undefined ? '' : ` retry ${retry.attempt} in ${Math.ceil(retry.inSec)}s`;
  switch (link.word) {
    case 'live':
      return { text: `${dot} LIVE ${inWords(link.serverAgeSec)}`, tone: 'good' };
    case 'lagging':
      return { text: `${dot} LAGGING ${age}`, tone: 'warn' };
    case 'resync':
      return { text: `${dot} RESYNC ${age}`, tone: 'warn' };
    case 'stale':
      return { text: `${dot} STALE ${age}${next}`, tone: 'bad' };
    case 'auth':
      return { text: `${dot} AUTH EXPIRED ${age}`, tone: 'bad' };
    case 'gone':
      return { text: `${dot} GONE`, tone: 'bad' };
  }
}
