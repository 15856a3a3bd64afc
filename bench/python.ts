/** A Python whose torch is the libtorch that Gantry runs on: only that is a fair peer. */
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ensureBinding } from "../scripts/setup/index.js";

/** How to start such a Python. */
export interface Python {
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
}

const QUESTION = "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])";

/**
 * `GANTRY_BENCH_PYTHON` if set, else the first that fits of: the Python of the virtual environment that libtorch lies in,
 * `python3` on the path, `/usr/bin/python3`, and `python3` with the path of that libtorch. Undefined, with the reasons,
 * where none does.
 */
export function findPython(): { python: Python | undefined; reasons: string[] } {
  const { root, librarySize, library } = ensureBinding().engine;
  const named = process.env.GANTRY_BENCH_PYTHON;
  const plain = (command: string): Python => ({ command, environment: {} });
  // A wheel lies in <environment>/lib/python3.x/site-packages/torch.
  const adjacent = join(root, "../../../../bin/python3");
  const pointed = { command: "python3", environment: { PYTHONPATH: dirname(root) } };
  const candidates = named
    ? [plain(named)]
    : [
        ...(basename(root) === "torch" ? [plain(adjacent)] : []),
        plain("python3"),
        plain("/usr/bin/python3"),
        ...(basename(root) === "torch" ? [pointed] : []),
      ];
  const reasons: string[] = [];
  for (const python of candidates) {
    const { command, environment } = python;
    const run = spawnSync(command, ["-c", QUESTION], { encoding: "utf8", env: { ...process.env, ...environment } });
    if (run.error) reasons.push(`${command}: not found`);
    else if (run.status !== 0) reasons.push(`${command}: has no torch`);
    else if (sizeOf(join(run.stdout.trim(), "lib", basename(library).replace(/\.so\..*$/, ".so"))) === librarySize)
      return { python, reasons };
    else reasons.push(`${command}: its torch is not the libtorch at ${root}`);
  }
  return { python: undefined, reasons };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? -1;
}
