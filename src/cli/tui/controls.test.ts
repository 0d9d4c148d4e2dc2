import { describe, expect, it } from 'vitest';
import { footerText } from './controls.ts';

const rights = { canWrite: true, isSignedOut: false };

describe('the footer', () => {
  it('says that there are more keys where some have no room', () => {
    for (const columns of [60, 80]) {
      const text = footerText('A', { rights, columns, labels: { pause: 'resume' } });
      expect(text).toMatch(/ b bucket {2}p resume {2}.* {2}\? more {2}q quit$/);
      expect(text).not.toContain('t window');
    }
    expect(footerText('A', { rights, columns: 80 }).length).toBeLessThanOrEqual(80);
  });

  it('names help as such where all of them have room', () => {
    expect(footerText('A', { rights, columns: 200 })).toMatch(/t window .*\? help {2}q quit$/);
  });
});
