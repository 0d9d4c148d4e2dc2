export declare function findKubeTools(): string | undefined;
export declare function ensureKubeTools(): string | undefined;
