export declare function findPromtool(): string | undefined;
export declare function ensurePromtool(): void;
