/** Where the workers of a run connect, from the variables of whatever started them: `--workers`, torchrun or SLURM. */
import { UserError } from "../../base/errors.ts";
import type { Replica } from "../step/sharding.ts";

/** Where the workers of a run connect, and which of them this process is. */
export interface Rendezvous extends Replica {
  readonly host: string;
  readonly port: number;
  /** In their place, for workers of one machine: a file that they share, so that nothing listens. */
  readonly file?: string | undefined;
  /** The number of this worker on its machine; absent where workers are not numbered by machine. */
  readonly localRank?: number | undefined;
  /** The process that started this one to follow it: without it, this one ends. */
  readonly leader?: number | undefined;
  /**
   * Called once this worker has its data, before it connects: the first worker may start the others then, and they may
   * report to it. Resolves at the latest when `stop` is raised.
   */
  readonly ready?: (stop?: AbortSignal) => Promise<void>;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** The next port from 1 to 65535; after the last comes 1024, because lower ports need privileges. */
const portAfter = (port: number): number => (port < 65_535 ? port + 1 : 1_024);

/** The names of the variables: torchrun's, or SLURM's in a step of srun. */
interface Names {
  readonly size: string;
  readonly rank: string;
  readonly localRank: string;
}

const torchrun: Names = { size: "WORLD_SIZE", rank: "RANK", localRank: "LOCAL_RANK" };
const slurm: Names = { size: "SLURM_STEP_NUM_TASKS", rank: "SLURM_PROCID", localRank: "SLURM_LOCALID" };

/** Ports of SLURM's jobs, when none is given: 16,384 of them, below those that Linux gives to clients. */
const FIRST_PORT = 16_384;

/**
 * The rendezvous that the environment describes, by torchrun's variables: RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT and, if it
 * is set, LOCAL_RANK. `--workers` sets GANTRY_RENDEZVOUS, a file, in the place of MASTER_ADDR and MASTER_PORT. Where
 * WORLD_SIZE is not set, SLURM's variables count that srun sets for each task: SLURM_PROCID, SLURM_STEP_NUM_TASKS,
 * SLURM_LOCALID; the machine is then the first of SLURM_STEP_NODELIST, and the port one that follows from SLURM_JOB_ID, unless
 * MASTER_ADDR and MASTER_PORT say otherwise. Undefined where none are set or they describe one process. Where torchrun itself
 * listens on MASTER_PORT, the workers connect on the port after it: torchrun's store and this libtorch may speak different
 * versions of the protocol.
 *
 * @throws UserError when a variable is missing or is no number that fits.
 *
 * @example
 * const rendezvous = torchrunRendezvous(process.env);
 */
export function torchrunRendezvous(env: Variables): Rendezvous | undefined {
  const names = env.WORLD_SIZE !== undefined ? torchrun : env[slurm.size] !== undefined ? slurm : undefined;
  if (names === undefined) return undefined;
  const number = (name: string, least: number, most: number): number => {
    const value = Number(env[name] ?? "");
    if (env[name] !== undefined && Number.isInteger(value) && value >= least && value <= most) return value;
    const met = env[name] === undefined ? "which is not set" : `(=${env[name]})`;
    throw new UserError(`the environment variable ${name} ${met} must be a whole number from ${least} to ${most}`);
  };
  const size = number(names.size, 1, 65_536);
  if (size === 1) return undefined;
  const rank = number(names.rank, 0, size - 1);
  const localRank = env[names.localRank] === undefined ? undefined : number(names.localRank, 0, size - 1);
  const file = env.GANTRY_RENDEZVOUS;
  if (names === torchrun && file !== undefined && file !== "")
    return { size, rank, localRank, host: "127.0.0.1", port: 0, file };
  const host = env.MASTER_ADDR || (names === slurm ? firstHost(env.SLURM_STEP_NODELIST ?? "") : "");
  if (host === "") {
    throw new UserError("the environment variable MASTER_ADDR must name the machine of the worker with RANK 0");
  }
  if (names === slurm && env.MASTER_PORT === undefined) {
    const job = number("SLURM_JOB_ID", 0, Number.MAX_SAFE_INTEGER) + Number(env.SLURM_STEP_ID ?? 0);
    return { size, rank, localRank, host, port: FIRST_PORT + (job % FIRST_PORT) };
  }
  const port = number("MASTER_PORT", 1, 65_535);
  const taken = env.TORCHELASTIC_USE_AGENT_STORE === "True";
  return { size, rank, localRank, host, port: taken ? portAfter(port) : port };
}

/** The first machine of a list as SLURM writes it: `node[03-05,07],gpu1` begins with node03. */
export function firstHost(list: string): string {
  const [, before = "", numbers, after = ""] = /^([^[,]*)(?:\[([^\]]*)\]([^,]*))?/.exec(list) ?? [];
  return numbers === undefined ? before : `${before}${numbers.split(/[-,]/)[0]}${after}`;
}
