/** Installs the npm packages of a clone if any is missing or of another version. Throws SetupError when npm fails. */
export function ensurePackages(root: string): void;

/** Whether node_modules holds what package-lock.json asks for. */
export function packagesAreCurrent(root: string): boolean;
