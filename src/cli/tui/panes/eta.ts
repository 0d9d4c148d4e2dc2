/** How long people wait, and how sure that is. */
import { formatDuration } from '../../duration.ts';
import { count, rate } from '../../output/format.ts';
import { confidenceText, etaClampSec, etaText, isClamped } from '../figures.ts';
import { part } from '../text.ts';
import type { Pane } from '../view.ts';
import { compactLine } from './parts.ts';

/** From here on the range has room beside the estimate, columns. */
const rangeColumns = 60;

export const etaPane: Pane = {
  name: 'eta',
  heading: 'ETA',
  column: 'right',
  minHeight: 3,
  lines: ({ snapshot }, { columns }) => {
    const { etaTailSec, etaMedianSec, confidence } = snapshot;
    const tail = etaText(etaTailSec, confidence);
    const low = formatDuration(snapshot.etaTailLowSec);
    const range = columns < rangeColumns ? '' : ` (${low} to ${formatDuration(snapshot.etaTailHighSec)})`;
    const rates = [
      `1m ${rate(snapshot.admitPerSec1m)}`,
      `5m ${rate(snapshot.admitPerSec5m)}`,
      `15m ${rate(snapshot.admitPerSec15m)}`,
    ];
    const clamp = isClamped(etaTailSec, confidence) ? 'yes' : 'no';
    return [
      [
        part(` tail ${tail.text}${range}   median ${etaText(etaMedianSec, confidence).text}   `, tail.tone),
        part(confidenceText(confidence), tail.tone),
      ],
      [part(` rate ${rates.join('  ')}   clamp ${clamp}`)],
    ];
  },
  compact: ({ snapshot }) => {
    const { etaTailSec, confidence, admitted15m } = snapshot;
    const { text, tone } = etaText(etaTailSec, confidence);
    const reached = isClamped(etaTailSec, confidence) ? 'reached' : 'not reached';
    return compactLine('ETA tail', text, tone, [
      part(`${confidenceText(confidence)}  `, tone),
      part(`n(15m)=${count(admitted15m)}   clamp ${etaClampSec / 60}m ${reached}`, 'dim'),
    ]);
  },
};
