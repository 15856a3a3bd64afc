/** Compiles the TypeScript sources of a clone if `dist/` is not what they give. Throws SetupError with the compiler's messages. */
export function ensureDist(root: string): void;

/** Whether `dist/` is what the sources of a clone give. */
export function distIsCurrent(root: string): boolean;
