/**
 * Captured work of a device (CUDA graphs): the operators of a computation, captured once and done again with one call. A replay
 * reads and writes the same memory as the capture, and takes the numbers that were on the host then: what changes between two
 * replays has to be written into tensors that were there before the capture.
 */
import { refusePromise } from "./handle.ts";
import { type Binding, binding } from "./native.ts";
import type { Device } from "./types.ts";

/** What captures, by numbers of graphs. */
export type GraphBackend = Pick<Binding, "graphStream" | "graphBegin" | "graphEnd" | "graphReplay" | "graphRelease">;

const backends = new Map<string, GraphBackend>();

const kindOf = (device: Device): string => device.split(":")[0]!;

/** @internal What captures on another kind of device than CUDA: the second device of the tests. */
export function useGraphBackend(kind: string, backend: GraphBackend): void {
  backends.set(kind, backend);
}

function backendOf(device: Device): GraphBackend | undefined {
  return backends.get(kindOf(device)) ?? (binding().hasGraphs(device) ? binding() : undefined);
}

/** Whether work on the device can be captured. */
export function hasGraphs(device: Device): boolean {
  return backendOf(device) !== undefined;
}

/**
 * Whether this thread gives its work on the device to a stream that can be captured. CUDA's default stream cannot; all work is
 * given to the other one then, what is not captured as well.
 */
export function useGraphStream(device: Device, flag: boolean): void {
  backendOf(device)!.graphStream(device, flag);
}

/** Captured work. */
export class DeviceGraph {
  readonly #backend: GraphBackend;
  readonly #number: number;

  /**
   * Captures what `body` gives to the device, which does nothing of it until {@link replay}. Reading a value of the device, or
   * copying one to it, is an error in `body`.
   *
   * @param other - A graph to share memory with: then neither may need what the other has computed.
   */
  constructor(device: Device, body: () => void, other?: DeviceGraph) {
    this.#backend = backendOf(device)!;
    this.#number = this.#backend.graphBegin(device, other === undefined ? 0 : other.#number);
    try {
      refusePromise("DeviceGraph", body(), "the capture ends when it returns");
      this.#backend.graphEnd(this.#number);
    } catch (error) {
      this.#abandon();
      throw error;
    }
  }

  /** After an error the end of the capture is another one, which says less. */
  #abandon(): void {
    try {
      this.#backend.graphEnd(this.#number);
    } catch {}
    this.dispose();
  }

  /** Does once what was captured. */
  replay(): void {
    this.#backend.graphReplay(this.#number);
  }

  dispose(): void {
    this.#backend.graphRelease(this.#number);
  }
}
