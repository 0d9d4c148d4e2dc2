export declare function findK6(): string | undefined;
export declare function ensureK6(): Promise<string>;
