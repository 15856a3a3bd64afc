/** The arguments of the compiler and linker for an engine. Only this file depends on the differences between builds of libtorch. */
import { isOlder } from "./engine-folder.js";
import { roomForRpath } from "./rpath.js";

/** @typedef {import("./types.d.ts").Engine} Engine */
/** @typedef {import("./types.d.ts").Flags} Flags */
/** @typedef {import("./types.d.ts").Host} Host */

/** Node 20's stable native interface: a binding compiled for it loads in every later Node, so Node is not in the hash. */
export const napiVersion = 8;

/** Parallel loops, in the words of GCC; another compiler's would need another library than the one that libtorch loads. */
export const openMp = "-fopenmp";

/** Node's names of the processors whose bindings can be given another folder of libtorch: 64 bits, little-endian. */
const movable = ["x64", "arm64", "riscv64", "loong64"];

/**
 * Flags without file names.
 * @param {Host} host
 * @param {Engine} engine
 * @returns {Flags}
 */
export function flagsFor(host, engine) {
  // GCC drops its own standard folders' special order when one is given again, and then <cstdlib> finds no stdlib.h.
  const includes = engine.includeDirs.filter((folder) => folder !== "/usr/include" && folder !== "/usr/local/include");
  const compile = [
    // The wheels' own build of extensions moved to C++20 after 2.8; the headers of 1.13 do not compile as C++20.
    isOlder(engine.version, "2.9") ? "-std=c++17" : "-std=c++20",
    // For the loop of native/adam.cc: a root that sets no errno and cannot trap is one instruction for many numbers, and
    // products that are never fused with sums round alike on every processor.
    "-O3",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-ffp-contract=off",
    "-fPIC",
    `-DNAPI_VERSION=${napiVersion}`,
    ...(engine.gloo ? ["-DGANTRY_GLOO"] : []),
    ...(engine.accelerator === "cuda" ? ["-DGANTRY_CUDA"] : []),
    // As system headers, so that a warning is always about Gantry's own code.
    ...includes.flatMap((folder) => ["-isystem", folder]),
  ];
  const libraries = engine.libraries.map((name) => `-l${name}`);
  const search = engine.libDirs.map((folder) => `-L${folder}`);
  const runtime = engine.libDirs.map((folder) => `-Wl,-rpath,${folder}`);
  if (host.platform === "darwin") {
    const link = ["-bundle", "-undefined", "dynamic_lookup", ...search, ...libraries, ...runtime];
    return { compile: [...compile, "-stdlib=libc++"], link, roomForRpath: false };
  }
  const hasRoom = movable.includes(host.arch);
  return {
    compile: [
      ...compile,
      `-D_GLIBCXX_USE_CXX11_ABI=${engine.cxx11Abi ? 1 : 0}`,
      // Without it at::parallel_for runs on one thread. Only here, not for the linker: the library of OpenMP must be libtorch's own.
      openMp,
    ],
    link: [
      "-shared",
      // A GPU build registers itself when its libraries load; nothing refers to them by name, so "as needed" drops them.
      "-Wl,--no-as-needed",
      ...search,
      ...libraries,
      // RPATH, not RUNPATH: LD_LIBRARY_PATH must not replace the libtorch of a binding compiled for this one.
      "-Wl,--disable-new-dtags",
      // The folder itself is written in afterwards: a package carries the binding to other machines. The linker alone needs it now.
      ...(hasRoom
        ? [`-Wl,-rpath,${roomForRpath}`, ...engine.libDirs.map((folder) => `-Wl,-rpath-link,${folder}`)]
        : runtime),
      // A symbol that is missing shows when the binding loads, not in the middle of a training.
      "-Wl,-z,now",
    ],
    roomForRpath: hasRoom,
  };
}
