/** Flags that every experiment of many runs takes, as `gantry sweep` does. */
import { outputFlags } from "../reporter.ts";

/** How the runs are spread over cores and machines. */
export const runFlags = {
  jobs: { type: "string", valueHint: "N", description: "runs at a time; default: 1. They share the cores" },
  threads: { type: "string", valueHint: "N", description: "CPU threads of each run; default: the cores over --jobs" },
  shard: { type: "string", valueHint: "I/N", description: "only every N-th run, from the I-th" },
  retry: { type: "boolean", description: "try the runs again that have failed" },
  quiet: { type: "boolean", description: "print only the folder, when it is done" },
  json: outputFlags.json,
} as const;
