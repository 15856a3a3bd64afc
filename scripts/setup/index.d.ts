import type { Binding, BindingOptions, Engine, EngineSource, Flags, Found, Host } from "./types.d.ts";

export type { Binding, BindingOptions, Considered, Engine, EngineSource, Flags, Found, Host } from "./types.d.ts";

/**
 * Finds libtorch (`GANTRY_TORCH`, a python3 that has torch, the system, Gantry's private copy; else installs one),
 * compiles the native binding for it when sources or libtorch have changed, and returns where both are. libtorch is not
 * loaded. Takes a few milliseconds when nothing is to do; progress goes to stderr.
 *
 * Throws {@link SetupError}, whose message is complete, when there is no libtorch or it cannot be compiled against.
 *
 * @example
 * const { path, engine } = ensureBinding();
 * process.dlopen(module, path);
 */
export function ensureBinding(options?: BindingOptions): Binding;

/** Makes a folder and the missing ones above it; throws what the file system throws, also where Node's own way never returns. */
export function makeFolders(path: string): void;

/** A failure of set-up that a user can act on; the message needs no stack trace. */
export class SetupError extends Error {}

/** The first engine in the order of lookup and what was passed over; installs and compiles nothing. Throws SetupError for a bad `GANTRY_TORCH`. */
export function findEngine(host: Host): Found;

/** The engine in one folder, or why there is none. */
export function engineInFolder(
  host: Host,
  source: EngineSource,
  folder: string,
  alsoSearch?: readonly string[],
): { engine: Engine } | { problem: string };

/** Compiler and linker arguments for an engine. */
export function flagsFor(host: Host, engine: Engine): Flags;

/** Whether the real path behind libblas.so.3 is the reference BLAS, 80 times slower than OpenBLAS. */
export function isReferenceBlas(path: string): boolean;

/** The machine as it is, the default of every `host`. */
export function thisHost(): Host;

/** The folder of bindings, locks and the private libtorch: `GANTRY_CACHE`, or `gantry` in the user's cache folder. */
export function cacheFolder(host: Host): string;

/**
 * Takes a lock file and gives the function that releases it. An object says who holds the lock instead (this process
 * may), or `holder: undefined` while the lock passes from one process to another. A lock whose holder has died is taken
 * over; a holder on another machine counts as living.
 *
 * Throws what the file system throws.
 */
export function takeLock(
  path: string,
):
  | (() => void)
  | { readonly holder: { readonly pid: number; readonly host: string; readonly isHere: boolean } | undefined };

/** The living holder of a lock file; undefined when nobody holds it. A holder on another machine counts as living. */
export function lockHolder(
  path: string,
): { readonly pid: number; readonly host: string; readonly isHere: boolean } | undefined;

/** Runs an action while holding a lock file; a lock whose holder has died is taken over. */
export function withLock<T>(
  path: string,
  action: () => T,
  onWait?: (holder: { pid: number; host: string; started: string | undefined }) => void,
): T;
