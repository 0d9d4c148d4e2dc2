export declare function testCacheFolder(): string;
export declare function ensurePythonTool(tool: {
  readonly name: string;
  readonly packages: readonly string[];
  readonly bin: string;
}): Promise<string>;
