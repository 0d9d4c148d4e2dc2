/** The link as the header shows it. While live its age is the server's own, so that a quiet queue draws no frames. */
import type { Link } from '../watch/link.ts';
import type { Tone } from './text.ts';

export interface LinkText {
  readonly text: string;
  readonly tone: Tone;
}

/** Word, age, and the next attempt where one is due. */
export function linkText(link: Link, dot: string): LinkText {
  const age = link.ageSec < 1 ? '<1s' : `${Math.floor(link.ageSec)}s`;
  const { retry } = link;
  const next = retry === undefined ? '' : ` retry ${retry.attempt} in ${Math.ceil(retry.inSec)}s`;
  switch (link.word) {
    case 'live':
      return { text: `${dot} LIVE ${tenths(link.serverAgeSec)}s`, tone: 'good' };
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

/** Rounded up: a healthy server's few milliseconds always are the same text. */
const tenths = (sec: number): string => (Math.max(1, Math.ceil(sec * 10 - 1e-9)) / 10).toFixed(1);
