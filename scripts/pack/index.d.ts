import type { Engine, Host, PrebuiltFacts } from "../setup/types.d.ts";

/** Where the binding of these sources for this engine is, or will be. */
export function bindingPath(host: Host, engine: Engine, sourceHash: string): string;

/** A digest of the contents of the native sources. */
export function hashSources(nativeDir: string): string;

/** What a binding for this engine must have been made of. */
export function factsOf(host: Host, engine: Engine, sourceHash: string): PrebuiltFacts;

/** Whether a binding for some libtorch is at hand, so that a compiler may not be needed. */
export function hasPrebuilt(host: Host, sourceHash: string, folders?: readonly string[]): boolean;

/** Puts the fitting carried binding in its place in the cache. False if there is none, or it does not run here. */
export function placePrebuilt(
  job: { host: Host; engine: Engine; sourceHash: string; path: string; quiet: boolean },
  folders?: readonly string[],
): boolean;

/** What is wrong with a binding, or undefined. `--load` only loads it, `--compute` also computes with it. */
export function whyNotUsable(host: Host, path: string, how: "--load" | "--compute"): string | undefined;

/** The first version of a symbol that Debian 12 has not, in what `objdump -p` printed. */
export function newerSymbol(headers: string): string | undefined;

/** Throws SetupError when a function of a compiled file has AVX instructions but is not among those that the processor chooses. */
export function refuseUnguardedVectors(file: string): void;

/** Writes the binding for one libtorch into a folder of its own, and gives the version of the libtorch. */
export function writeBinding(host: Host, place: string | undefined, into: string): string;
