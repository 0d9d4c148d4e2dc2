import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { limitScripts } from '../../src/gateway/rate-limit/shared-buckets.ts';
import { requestScripts } from '../../src/gateway/requests/request-scripts.ts';
import { globalScripts } from '../../src/queue/global-scripts.ts';
import { eventKeyNames, keysOf, scripts } from '../../src/queue/scripts.ts';
import { luaFolder } from '../../src/redis/script-loader.ts';

describe('the scripts', () => {
  it('are those of the folder lua/', () => {
    const files = readdirSync(luaFolder()).filter((file) => file.endsWith('.lua'));
    expect(
      [
        ...Object.keys(scripts),
        ...Object.keys(globalScripts),
        ...Object.keys(requestScripts),
        ...Object.keys(limitScripts),
      ]
        .map((name) => `${name}.lua`)
        .sort(),
    ).toEqual(files.sort());
  });

  it('find all keys of an event in one slot', () => {
    const keys = Object.values(keysOf('evt_x'));
    expect(keys.every((key) => key.startsWith('tacos:{evt_x}:'))).toBe(true);
    expect(new Set(keys).size).toBe(eventKeyNames.length);
  });

  it('drop every key that an event can have', () => {
    expect([...scripts.drop_event.keys]).toEqual([...eventKeyNames]);
    expect([...scripts.delete_event.keys]).toEqual([...eventKeyNames]);
  });
});
