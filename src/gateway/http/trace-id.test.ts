import { describe, expect, it } from 'vitest';
import { createHexIds, createTraceIds } from './trace-id.ts';

describe('trace ids', () => {
  it("are those of the caller's header, where it is valid", () => {
    const traceIds = createTraceIds();
    const id = '0af7651916cd43dd8448eb211c80319c';
    expect(traceIds(`00-${id}-b7ad6b7169203331-00`)).toBe(id);
    expect(traceIds(`00-${id}-0000000000000000-00`)).not.toBe(id);
    expect(traceIds('nonsense')).toMatch(/^[0-9a-f]{32}$/);
  });

  it.each(['random', 'xray'] as const)('are never given twice: %s', (form) => {
    const traceIds = createTraceIds(form);
    const ids = Array.from({ length: 2_000 }, () => traceIds(undefined));
    expect(new Set(ids).size).toBe(2_000);
    expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
  });

  it('begin with the second in the form of X-Ray', () => {
    const second = Number.parseInt(createTraceIds('xray')(undefined).slice(0, 8), 16);
    expect(Math.abs(second - Date.now() / 1000)).toBeLessThan(10);
  });

  it('are as long as asked for', () => {
    expect(createHexIds(8)()).toMatch(/^[0-9a-f]{16}$/);
  });
});
