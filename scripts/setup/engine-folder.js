/**
 * Recognises a libtorch in a folder: headers, libraries, version, and how it was compiled, from its files alone.
 *
 * libtorch itself is never loaded here: thread counts must be settled before it is, and loading takes seconds.
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { debianTriplet } from "./host.js";

/** @typedef {import("./types.d.ts").Engine} Engine */
/** @typedef {import("./types.d.ts").EngineSource} EngineSource */
/** @typedef {import("./types.d.ts").Host} Host */

/** The oldest libtorch whose dispatcher and headers the binding is written for. */
export const oldestVersion = "1.13";

/** Relative to an include folder. Since 2.9 the first only includes the second. */
const versionHeaders = ["torch/csrc/api/include/torch/version.h", "torch/headeronly/version.h"];

/**
 * The engine in a folder: a libtorch folder, a Python package `torch`, a site-packages that holds one, or a prefix like
 * /usr. Further prefixes are searched for what the folder itself lacks (conda keeps headers and libraries elsewhere).
 * @param {Host} host
 * @param {EngineSource} source
 * @param {string} folder
 * @param {readonly string[]} [alsoSearch]
 * @returns {{ engine: Engine } | { problem: string }}
 */
export function engineInFolder(host, source, folder, alsoSearch = []) {
  if (!existsSync(folder)) return { problem: `${folder} does not exist` };
  const roots = [folder, join(folder, "torch"), join(folder, "libtorch")].filter(existsSync);
  const include = firstWith([...roots, ...alsoSearch], ["include"], ["ATen/ATen.h", "torch/library.h"]);
  if (!include) return { problem: `${folder} holds no libtorch headers (include/ATen/ATen.h)` };

  const suffix = host.platform === "darwin" ? "dylib" : "so";
  const libraryName = `libtorch_cpu.${suffix}`;
  const libFolders = [`lib/${debianTriplet(host)}`, "lib64", "lib"];
  const lib = firstWith([...roots, ...alsoSearch], libFolders, [libraryName, `libtorch.${suffix}`, `libc10.${suffix}`]);
  if (!lib) return { problem: `${folder} holds no libtorch libraries (lib/${libraryName})` };

  const version = readVersion(include);
  if (!version) return { problem: `${folder} holds headers without a version (include/${versionHeaders[0]})` };
  const root = roots.findLast((candidate) => include.startsWith(candidate)) ?? folder;
  if (isOlder(version, oldestVersion))
    return { problem: `${root} holds libtorch ${version}; Gantry needs ${oldestVersion} or newer` };

  const library = realpathSync(join(lib, libraryName));
  const { size, mtimeMs } = statSync(library);
  const has = (/** @type {string} */ name) => existsSync(join(lib, `lib${name}.${suffix}`));
  const gpu = ["torch_cuda", "c10_cuda", "torch_hip", "c10_hip"].filter(has);
  const toolkit = gpu.includes("torch_cuda") ? cudaHeaders(host, root) : [];
  return {
    engine: {
      source,
      root,
      version: fullVersion(root, version),
      includeDirs: [include, join(include, "torch/csrc/api/include"), ...toolkit],
      libDirs: [lib],
      libraries: ["torch", "torch_cpu", "c10", ...gpu],
      library,
      librarySize: size,
      libraryTime: mtimeMs,
      cxx11Abi: hasCxx11Abi(join(lib, `libc10.${suffix}`)),
      gloo: mentions(library, "ProcessGroupGlooC1E"),
      accelerator: accelerator(host, gpu),
    },
  };
}

/**
 * The files that decide what {@link engineInFolder} answers for a system prefix, for noticing a later installation.
 * @param {Host} host
 * @param {string} prefix
 */
export function markersOf(host, prefix) {
  return [
    join(prefix, "include/ATen/ATen.h"),
    ...[`lib/${debianTriplet(host)}`, "lib64", "lib"].map((folder) => join(prefix, folder, "libtorch_cpu.so")),
  ];
}

/**
 * Whether version `a` comes before version `b`, comparing major and minor.
 * @param {string} a
 * @param {string} b
 */
export function isOlder(a, b) {
  const [major = 0, minor = 0] = a.split(".").map(Number.parseFloat);
  const [otherMajor = 0, otherMinor = 0] = b.split(".").map(Number.parseFloat);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

/**
 * @param {readonly string[]} roots
 * @param {readonly string[]} folders
 * @param {readonly string[]} files
 */
function firstWith(roots, folders, files) {
  const candidates = roots.flatMap((root) => folders.map((folder) => join(root, folder)));
  return candidates.find((candidate) => files.every((file) => existsSync(join(candidate, file))));
}

/** @param {string} include */
function readVersion(include) {
  for (const header of versionHeaders) {
    if (!existsSync(join(include, header))) continue;
    const match = /#define TORCH_VERSION\s*\\?\s*"([^"]+)"/.exec(readFileSync(join(include, header), "utf8"));
    if (match) return match[1];
  }
  return undefined;
}

/**
 * The header's version lacks the build (`+cu126`), and Debian's lags behind by a patch number: wheels state theirs in
 * version.py, libtorch archives in build-version.
 * @param {string} root
 * @param {string} version
 */
function fullVersion(root, version) {
  for (const file of ["version.py", "build-version"]) {
    if (!existsSync(join(root, file))) continue;
    const match = /(?:__version__ = ')?(\d+\.\d+\.\w+(?:\+[\w.]+)?)/.exec(readFileSync(join(root, file), "utf8"));
    if (match?.[1] && !isOlder(match[1], version) && !isOlder(version, match[1])) return match[1];
  }
  return version;
}

/**
 * Reads from the symbol table how std::string was compiled: `torchCheckFail` takes one, and the old ABI abbreviates it
 * as `Ss`. A binding compiled the other way links against nothing.
 * @param {string} libc10
 */
function hasCxx11Abi(libc10) {
  return !readFileSync(libc10).includes("14torchCheckFailEPKcS2_jRKSs");
}

/**
 * Whether a library's symbols name something. The file is large and its names stand in front, so it is read piece by piece.
 * @param {string} library
 * @param {string} symbol
 */
function mentions(library, symbol) {
  const file = openSync(library, "r");
  try {
    const piece = Buffer.alloc(2 ** 24);
    // Each piece begins where a name that the last one cut in two would begin.
    for (let position = 0; ; position += piece.length - symbol.length) {
      const length = readSync(file, piece, 0, piece.length, position);
      if (piece.subarray(0, length).includes(symbol)) return true;
      if (length < piece.length) return false;
    }
  } finally {
    closeSync(file);
  }
}

/**
 * The folders of CUDA's own headers, with which CUDA graphs are compiled: what pip puts next to torch, and a toolkit's. The runtime's
 * package lacks some that triton's has.
 * @param {Host} host
 * @param {string} root
 */
function cudaHeaders(host, root) {
  const packages = join(root, "../nvidia");
  const runtimes = existsSync(packages) ? readdirSync(packages).map((name) => join(packages, name)) : [];
  const triton = join(root, "../triton/backends/nvidia");
  const toolkits = [host.env.CUDA_HOME, host.env.CUDA_PATH, "/usr/local/cuda"].filter((folder) => folder !== undefined);
  return [...runtimes, triton, ...toolkits]
    .map((folder) => join(folder, "include"))
    .filter((folder) => existsSync(join(folder, "cuda_runtime_api.h")));
}

/**
 * @param {Host} host
 * @param {readonly string[]} gpu
 * @returns {Engine["accelerator"]}
 */
function accelerator(host, gpu) {
  if (gpu.includes("torch_cuda")) return "cuda";
  if (gpu.includes("torch_hip")) return "rocm";
  return host.platform === "darwin" && host.arch === "arm64" ? "mps" : undefined;
}
