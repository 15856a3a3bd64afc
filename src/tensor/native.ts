/**
 * The native binding: found or built at first use, loaded once, with its threads set before libtorch loads. Everything
 * else in Gantry calls libtorch through the functions typed here.
 */
import { createRequire } from "node:module";
import os from "node:os";
import { ensureBinding } from "../../scripts/setup/index.js";
import { UserError } from "../base/errors.ts";
import { thisProcessor } from "../base/processor.ts";

/** One parameter of an operator, as its schema has it. */
export interface NativeParameter {
  readonly name: string;
  readonly type: string;
  readonly kind: number;
  readonly required: boolean;
}

/** An operator that was looked up; `call` takes tensors and generators by number. */
export interface NativeOperator {
  readonly call: (...values: unknown[]) => unknown;
  readonly schema: string;
  readonly parameters: readonly NativeParameter[];
  /** The position of the argument that an in-place operator returns, or -1. */
  readonly returned: number;
}

/** The functions of `native/`; tensors, generators and scripts are numbers, 0 meaning none. */
export interface Binding {
  operator(name: string, overload: string): NativeOperator | null;
  shape(tensor: number): number[];
  dtype(tensor: number): string;
  device(tensor: number): string;
  numel(tensor: number): number;
  requiresGrad(tensor: number): boolean;
  setRequiresGrad(tensor: number, flag: boolean): void;
  isContiguous(tensor: number, format: string): boolean;
  free(tensors: Uint32Array, count: number): void;
  account(tensor: number): void;
  live(): number;
  fromArray(values: ArrayBufferView, dtype: string, shape: readonly number[]): number;
  fromShared(values: ArrayBufferView, dtype: string, shape: readonly number[]): number;
  copyOut(tensor: number, into: ArrayBufferView): void;
  generator(device: string, seed: number): number;
  releaseGenerator(generator: number): void;
  seed(generator: number | string, seed: number): void;
  getState(generator: number | string): number;
  setState(generator: number | string, state: number): void;
  grad(
    outputs: readonly number[],
    inputs: readonly number[],
    gradOutputs: readonly number[],
    retainGraph: boolean,
    createGraph: boolean,
    allowUnused: boolean,
  ): number[];
  gradEnabled(): boolean;
  setGradEnabled(flag: boolean): void;
  /** The type of products and convolutions on a kind of device, "" for that of their operands. Returns what it was. */
  setAutocast(device: string, dtype: string): string;
  inferenceMode<T>(callback: () => T): T;
  scriptLoad(path: string, device: string): number;
  scriptForward(script: number, inputs: readonly number[]): unknown;
  scriptState(script: number): Record<string, number>;
  scriptRelease(script: number): void;
  version(): string;
  configuration(): string;
  cpuCapability(): string;
  threads(): number;
  /** The threads on which a parallel loop of the binding runs. */
  loopThreads(): number;
  setThreads(count: number, wanted: boolean): void;
  /** OpenBLAS's description of itself, or null where another library computes the products. */
  blas(): { configuration: string; core: string; threads: number } | null;
  joinGroup(
    rank: number,
    size: number,
    host: string,
    port: number,
    secret: string,
    address: string,
    file: string,
    toMeet: number,
    toAnswer: number,
    silence: number,
    leader: number,
  ): void;
  leaveGroup(): void;
  joinDevices(device: string): { library: string; reason: string };
  requireGroup(): void;
  setTf32(flag: boolean): boolean;
  setCudnnBenchmark(flag: boolean): boolean;
  deviceMemory(device: string): { reserved: number; peak: number; free: number; total: number } | null;
  hasCuda(): boolean;
  /** Whether the functions of graphs are there for a device. */
  hasGraphs(device: string): boolean;
  graphStream(device: string, flag: boolean): void;
  graphBegin(device: string, other: number): number;
  graphEnd(graph: number): void;
  graphReplay(graph: number): void;
  graphRelease(graph: number): void;
  hasMps(): boolean;
}

let loaded: Binding | undefined;
let wantedThreads: number | undefined;

/**
 * Sets the number of threads of the engine. Without this call it is what OMP_NUM_THREADS says, else the number
 * of cores; a worker takes over what the process runs with.
 *
 * OpenMP and OpenBLAS read their thread counts once, when they are loaded: call this before the first tensor is made.
 *
 * @throws UserError for a count that is not a whole number from 1 to 1024, or when the engine already runs with
 * another.
 *
 * @example
 * configureEngine({ threads: 2 });
 */
export function configureEngine({ threads }: { threads: number }): void {
  if (!Number.isInteger(threads) || threads < 1 || threads > 1024) {
    throw new UserError(`threads (=${threads}) must be a whole number from 1 to 1024`);
  }
  if (loaded !== undefined && loaded.threads() !== threads) {
    throw new UserError(`threads (=${threads}) cannot change: the engine already runs with ${loaded.threads()}`);
  }
  wantedThreads = threads;
}

/** The binding, found (or built, with a line on stderr) and loaded at the first call. */
export function binding(): Binding {
  loaded ??= load();
  return loaded;
}

function load(): Binding {
  const threads = wantedThreads ?? environmentThreads() ?? os.availableParallelism();
  const { path } = ensureBinding();
  const restore = setEnvironment({
    OMP_NUM_THREADS: String(threads),
    OPENBLAS_NUM_THREADS: String(threads),
    ...waitingThreads(),
    ...blasKernels(),
  });
  try {
    const native = createRequire(import.meta.url)(path) as Binding;
    native.setThreads(threads, wantedThreads !== undefined);
    // libtorch's own default is TF32 in cuDNN's convolutions.
    native.setTf32(false);
    return native;
  } finally {
    restore();
  }
}

/** OMP_NUM_THREADS, where the user has set it to a number (or to a list, of which the first counts here). */
function environmentThreads(): number | undefined {
  const threads = Number.parseInt(process.env.OMP_NUM_THREADS ?? "", 10);
  return threads >= 1 && threads <= 1024 ? threads : undefined;
}

/**
 * How long a thread that waits for the others keeps its core busy: some 20 microseconds. GNU's OpenMP does so for milliseconds: when
 * another process needs that core, all threads wait (bench/NOTES.md). A user's own setting wins.
 */
function waitingThreads(): { GOMP_SPINCOUNT?: string } {
  const { GOMP_SPINCOUNT, OMP_WAIT_POLICY } = process.env;
  return GOMP_SPINCOUNT === undefined && OMP_WAIT_POLICY === undefined ? { GOMP_SPINCOUNT: "1000" } : {};
}

/**
 * OpenBLAS's kernels for AVX-512, where the processor has it. An OpenBLAS that is older than the processor does not
 * know it and takes kernels of 2004, a tenth of the speed; on AMD's processors with AVX-512 it takes those for AVX2,
 * half the speed (bench/NOTES.md). A user's own setting wins; other libraries do not read the variable.
 */
function blasKernels(): { OPENBLAS_CORETYPE?: string } {
  if (process.env.OPENBLAS_CORETYPE !== undefined) return {};
  return thisProcessor().vectors === "AVX-512" ? { OPENBLAS_CORETYPE: "SkylakeX" } : {};
}

/**
 * Sets variables while libtorch is mapped into the process, which is when OpenMP and OpenBLAS look at them, and only
 * then; the returned function restores them, so programs started from here do not get them.
 */
function setEnvironment(variables: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}
