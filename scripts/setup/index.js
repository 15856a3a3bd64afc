/**
 * Finds libtorch, provides the binding for it (one that came with the package, or a compiled one), and says where both are. This is what a program
 * that uses Gantry calls first; it is plain JavaScript without dependencies because it runs before anything is installed.
 *
 * Everything is synchronous: the first use of a tensor is.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bindingPath, hashSources } from "./binding-cache.js";
import { compileBinding, findCompiler } from "./compile-binding.js";
import { blasLink, canInstallPackages, ensureFastBlas, installPackages } from "./debian.js";
import { findEngine } from "./find-engine.js";
import { cacheFolder, findProgram, thisHost } from "./host.js";
import { installEngine, noEngine } from "./install-engine.js";
import { withLock } from "./lock.js";
import { recall, remember } from "./lookup-record.js";
import { setupSetting } from "./permission.js";
import { hasPrebuilt, placePrebuilt } from "./prebuilt.js";
import { SetupError, say } from "./say.js";

export { flagsFor } from "./compile-flags.js";
export { isReferenceBlas } from "./debian.js";
export { engineInFolder } from "./engine-folder.js";
export { findEngine } from "./find-engine.js";
export { cacheFolder, thisHost } from "./host.js";
export { lockHolder, takeLock, withLock } from "./lock.js";
export { makeFolders } from "./make-folder.js";
export { SetupError } from "./say.js";

/** @typedef {import("./types.d.ts").Binding} Binding */
/** @typedef {import("./types.d.ts").BindingOptions} BindingOptions */
/** @typedef {import("./types.d.ts").Host} Host */

/** Gantry's own C++ sources, in a clone as in an installed package. */
const ownNativeDir = fileURLToPath(new URL("../../native", import.meta.url));

/**
 * See index.d.ts.
 * @param {BindingOptions} [options]
 * @returns {Binding}
 */
export function ensureBinding(options = {}) {
  const { quiet = false, build = true, host = thisHost(), nativeDir = ownNativeDir } = options;
  const install = options.install ?? setupSetting(host) !== "no";
  if (host.platform === "win32")
    throw new SetupError("Windows is not supported; Gantry runs in WSL 2 as it does on Linux.");

  const recalled = recall(host, nativeDir);
  if (recalled) return recalled;

  const sourceHash = hashSources(nativeDir);
  const { engine, watch } = install ? findOrInstall(host, sourceHash) : findOnly(host);
  if (install) ensureFastBlas(host, engine);
  const path = bindingPath(host, engine, sourceHash);
  if (!existsSync(path)) {
    if (!build)
      throw new SetupError(`the binding for libtorch ${engine.version} at ${engine.root} is not compiled yet.`);
    if (!placePrebuilt({ host, engine, sourceHash, path, quiet }))
      compileBinding({ host, engine, nativeDir, compiler: ensureCompiler(host, install), path, quiet });
  }
  const blas = blasLink(host, engine);
  remember(host, nativeDir, engine, sourceHash, blas ? [...watch, blas] : watch);
  return { path, engine };
}

/** @param {Host} host */
function findOnly(host) {
  const { engine, considered, watch } = findEngine(host);
  if (!engine) throw noEngine("No libtorch was found.", considered);
  return { engine, watch };
}

/**
 * @param {Host} host
 * @param {string} sourceHash
 */
function findOrInstall(host, sourceHash) {
  const found = findEngine(host);
  if (found.engine) return { engine: found.engine, watch: found.watch };
  const lock = join(cacheFolder(host), "install.lock");
  return withLock(
    lock,
    () => {
      // Another process may have installed it while this one waited.
      const again = findEngine(host);
      if (again.engine) return { engine: again.engine, watch: again.watch };
      installEngine(host, again.considered, !findCompiler(host) && !hasPrebuilt(host, sourceHash));
      return findOnly(host);
    },
    (holder) => say(`another process (${holder.pid}) is installing libtorch; waiting for it`),
  );
}

/**
 * @param {Host} host
 * @param {boolean} install
 */
function ensureCompiler(host, install) {
  if (!findCompiler(host) && install && canInstallPackages(host))
    installPackages(host, ["g++"], "no binding fits this libtorch, and there is no C++ compiler to make one");
  const compiler = findCompiler(host);
  const own = host.env.CXX?.trim();
  if (own && compiler && !findProgram(host, compiler[0])) {
    throw new SetupError(`CXX (=${own}) names a C++ compiler, and there is no program ${compiler[0]}.`);
  }
  if (compiler) return compiler;
  const advice = host.platform === "darwin" ? "xcode-select --install" : "on Debian or Ubuntu: apt-get install g++";
  throw new SetupError(`no C++ compiler was found (c++, g++, clang++, or what CXX names); ${advice}.`);
}
