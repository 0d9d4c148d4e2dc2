export declare function findKustomize(): string | undefined;
export declare function ensureKustomize(): void;
