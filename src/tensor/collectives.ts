/**
 * Processes that compute as one: each joins a group, and from then on these functions are called by all of them, in the
 * same order, with tensors of the same shapes. They go over gloo, which libtorch's CPU builds carry; tensors of other
 * devices travel through the host's memory, or from GPU to GPU by NCCL after {@link joinDevices}.
 */
import { UserError } from "../base/errors.ts";
import { binding } from "./native.ts";
import { operator } from "./operator.ts";
import type { Tensor } from "./tensor.ts";
import type { Device } from "./types.ts";

const allReduceOperator = operator("gantry::all_reduce(x)");
const allGatherOperator = operator("gantry::all_gather(x)");
const broadcastOperator = operator("gantry::broadcast(x, source)");

/** How a process joins a group. */
export interface GroupOptions {
  /** This process's number, 0 to size - 1. */
  readonly rank: number;
  /** Processes of the group. */
  readonly size: number;
  /**
   * The rendezvous: the machine of rank 0 and a free port of it. Rank 0 listens there until all have come: at 127.0.0.1
   * where the host is that or `localhost`, otherwise at all of its machine's addresses.
   */
  readonly host: string;
  readonly port: number;
  /**
   * What all processes know and nobody else: each shows it to rank 0, and rank 0 to each, before anything is read of it. It
   * does not travel itself. Default: none, which is refused unless the host is 127.0.0.1 or `localhost`.
   */
  readonly secret?: string | undefined;
  /**
   * In the place of host and port, for processes of one machine: the path of a file that does not exist yet, in a folder
   * that only this user can read. Nothing listens for the rendezvous then.
   */
  readonly file?: string | undefined;
  /** This machine's address on the network that the data are to take; default: the one that leads to rank 0. */
  readonly address?: string | undefined;
  /** Seconds to wait for the other processes to join. Default 600. */
  readonly rendezvousTimeout?: number | undefined;
  /** Seconds to wait for the others in every call. Default 600. */
  readonly timeout?: number | undefined;
  /**
   * Seconds after which a process is lost that gives no sign of life: its machine is gone, its network is cut, or it is
   * stopped. Each gives one every few seconds, also while it computes or waits. Not of a group that meets by a file. Default 45.
   */
  readonly silence?: number | undefined;
  /** A process without which this one ends at once, such as the one that started it; default: none. */
  readonly leader?: number | undefined;
}

/** Runs a call that needs the other processes. Errors become one sentence. */
function together<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    if (!/gloo|nccl|store|socket|connect|timed? ?out/i.test(detail)) throw error;
    throw new UserError(`the connection to the other workers is lost: ${essence(detail)}`, { cause: error });
  }
}

/** The name of the operator and the place in gloo do not help the user. */
function essence(detail: string): string {
  const [what] = detail
    .replace(/^[\w:]+: /, "")
    .replace(/^\[[^\]]*\.(cc|cpp|h):\d+\] /, "")
    .replace(/^connection lost: /, "")
    .split("\n");
  return what!;
}

/**
 * Joins the group and waits until all have. A process can be in one group at a time.
 *
 * @throws UserError when not all come in time or one has another secret, and Error when libtorch was built without gloo.
 *
 * @example
 * joinGroup({ rank: 0, size: 2, host: "127.0.0.1", port: 29500, address: "127.0.0.1" });
 */
export function joinGroup({ rank, size, host, port, address = "", file = "", ...options }: GroupOptions): void {
  const { secret = "", rendezvousTimeout = 600, timeout = 600, silence = 45, leader = 0 } = options;
  if (file === "" && secret === "" && host !== "127.0.0.1" && host !== "localhost")
    throw new UserError(`processes that meet at ${host}:${port} need a secret: whoever can connect could take part`);
  try {
    const waits = [rendezvousTimeout, timeout, silence] as const;
    binding().joinGroup(rank, size, host, port, secret, address, file, ...waits, leader);
  } catch (error) {
    const [, detail] = /^joinGroup: no rendezvous: (.*)$/s.exec((error as Error).message) ?? [];
    if (detail === undefined) throw error;
    const place = file === "" ? `${host}:${port}` : file;
    const what = `the connection to the other workers cannot be made at ${place}: ${essence(detail)}`;
    throw new UserError(what, { cause: error });
  }
}

/** What carries tensors from process to process. */
export interface Carrier {
  /** `NCCL` and its version, or `gloo`. */
  readonly library: string;
  /** Why not NCCL; empty where it is. */
  readonly reason: string;
}

/**
 * Joins the devices of a group's processes, each of which calls this with its own. From now on tensors on it go from device to
 * device, by NCCL, if all processes can load its library. It is looked for where libtorch has loaded it, then in the package
 * `nvidia-nccl` next to a wheel's torch, then by the system's loader. Otherwise tensors go through the host's memory, by gloo.
 *
 * @throws UserError when NCCL cannot connect the devices, such as two processes with one GPU.
 *
 * @example
 * const { library } = joinDevices("cuda:0"); // NCCL 2.26.2
 */
export function joinDevices(device: Device): Carrier {
  return together(() => binding().joinDevices(device));
}

/**
 * After a value was read of the device: whether all that the processes have computed together until then was whole.
 *
 * @throws UserError when another process was lost meanwhile.
 */
export function requireGroup(): void {
  together(() => binding().requireGroup());
}

/** Leaves the group. */
export function leaveGroup(): void {
  binding().leaveGroup();
}

/**
 * The sum of `x` over all processes, which each of them gets. Differentiable: the gradient of each process's `x` is the
 * sum of the gradients that all of them have for the result, so all processes must make the backward pass.
 *
 * @throws UserError when another process is lost.
 */
export function allReduce(x: Tensor): Tensor {
  return together(() => allReduceOperator(x) as Tensor);
}

/**
 * The tensors of all processes, concatenated by rank along the first dimension. All have the same shape. Not
 * differentiable.
 *
 * @throws UserError when another process is lost.
 */
export function allGather(x: Tensor): Tensor {
  return together(() => allGatherOperator(x) as Tensor);
}

/**
 * The tensor of process `source`, which all get; the others' only has the same shape. Not differentiable.
 *
 * @throws UserError when another process is lost.
 */
export function broadcast(x: Tensor, source = 0): Tensor {
  return together(() => broadcastOperator(x, source) as Tensor);
}
