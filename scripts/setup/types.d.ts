/** The types that the parts of set-up share. */

/** Where an engine was found: named by the user, imported by python3, installed in the system, or Gantry's own copy. */
export type EngineSource = "GANTRY_TORCH" | "python" | "system" | "pip";

/** The properties of the machine for set-up. Tests pass their own instead of patching globals. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** User id; 0 is root; undefined where there are none. */
  readonly uid: number | undefined;
  readonly cwd: string;
  /** The file that names the distribution, `/etc/os-release`. */
  readonly osRelease: string;
  /** Where the user is asked, `/dev/tty`. */
  readonly terminal: string;
  /** Prefixes that hold a system-wide libtorch, `/usr` and `/usr/local`. */
  readonly systemRoots: readonly string[];
}

/** A libtorch that the binding can be compiled against. */
export interface Engine {
  readonly source: EngineSource;
  /** The folder it was found as: a libtorch folder, a Python package, or a system prefix. */
  readonly root: string;
  /** Such as `1.13.1` or `2.13.0+cpu`. */
  readonly version: string;
  readonly includeDirs: readonly string[];
  readonly libDirs: readonly string[];
  /** Names for the linker, in its order: `torch`, `torch_cpu`, `c10`, then what a GPU build adds. */
  readonly libraries: readonly string[];
  /** The real path of `libtorch_cpu`, whose size and time identify the whole engine. */
  readonly library: string;
  readonly librarySize: number;
  readonly libraryTime: number;
  /** Whether it was compiled with libstdc++'s C++11 ABI; wheels before 2.6 were not. */
  readonly cxx11Abi: boolean;
  /** Whether it carries gloo, with which several processes train as one. */
  readonly gloo: boolean;
  /** Which kind of GPU this build can use, if any (a device need not be present). */
  readonly accelerator: "cuda" | "rocm" | "mps" | undefined;
}

/** A place that was searched, and why it did not fit. */
export interface Considered {
  readonly where: string;
  readonly why: string;
}

/** What the lookup found, and which files it depends on. */
export interface Found {
  readonly engine: Engine | undefined;
  readonly considered: readonly Considered[];
  /** Files and folders whose change, appearance or removal may change the result. */
  readonly watch: readonly string[];
}

/** The arguments of the compiler and of the linker, without the names of files. */
export interface Flags {
  readonly compile: readonly string[];
  readonly link: readonly string[];
  /** Whether the folder of libtorch is written into the linked binding, by `setRpath`. */
  readonly roomForRpath: boolean;
}

/** What a compiled binding was made of. It fits an engine whose facts are the same. */
export interface PrebuiltFacts {
  readonly platform: string;
  readonly arch: string;
  /** The version without what names a build, such as `2.13.0`. */
  readonly libtorch: string;
  readonly accelerator: string | null;
  /** The compiler's flags without folders. */
  readonly flags: readonly string[];
  readonly sourceHash: string;
}

/** A compiled binding and the engine that it runs on. */
export interface Binding {
  readonly path: string;
  readonly engine: Engine;
}

/** Options of {@link ensureBinding}. */
export interface BindingOptions {
  /** No progress on stderr. Default false. */
  readonly quiet?: boolean;
  /** Compile when there is no current binding. Default true; false throws SetupError instead. */
  readonly build?: boolean;
  /** Install libtorch or a compiler when missing. Default true unless `GANTRY_SETUP=no`; false throws SetupError instead. */
  readonly install?: boolean;
  /** Default: the machine as it is. */
  readonly host?: Host;
  /** The folder of C++ sources. Default: Gantry's `native/`. */
  readonly nativeDir?: string;
}
