/**
 * Python modules of every architecture, run by each PyTorch that is found: Debian's, and the private one of
 * `GANTRY_TORCH=pip`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportedNetwork } from "../../src/export/network.ts";
import { pythonModule } from "../../src/export/pytorch/module.ts";
import { disposeGraph } from "../../src/export/trace/index.ts";
import { writeFileAtomic } from "../../src/formats/index.ts";
import { bytesOf, inferenceMode, type Tensor, tensorOf } from "../../src/tensor/index.ts";
import { recordDifferences } from "./differences.ts";
import { folder } from "./folder.ts";
import { differenceOf, networkCases, openedCase, passOf, storedRun } from "./networks.ts";
import { passes, tracedPass } from "./passes.ts";

const TOLERANCE = 1e-5;
const BATCHES = [3];
const cases = Object.entries(networkCases);

interface Job {
  readonly title: string;
  readonly file: string;
  readonly name: string;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly expected: ReadonlyMap<string, Tensor>;
}

/** A Python with torch, and where its torch is if it is not its own. */
interface Python {
  readonly program: string;
  readonly path?: string;
}

function pythons(): Python[] {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "gantry");
  const installed = existsSync(cache) ? readdirSync(cache).filter((name) => /^torch-\d/.test(name)) : [];
  const candidates: Python[] = [
    { program: "/usr/bin/python3" },
    { program: "python3" },
    ...installed.map((name) => ({ program: "python3", path: join(cache, name) })),
  ];
  const seen = new Set<string>();
  return candidates.filter((python) => {
    const asked = run(python, ["-c", "import torch; print(torch.__version__)"]);
    const version = asked.stdout?.trim();
    if (asked.status !== 0 || seen.has(version)) return false;
    seen.add(version);
    return true;
  });
}

const run = ({ program, path }: Python, args: readonly string[], input?: string) =>
  spawnSync(program, args, {
    encoding: "utf8",
    maxBuffer: 2 ** 30,
    env: { ...process.env, ...(path === undefined ? {} : { PYTHONPATH: path }) },
    ...(input === undefined ? {} : { input }),
  });

interface Stored {
  readonly dtype: "float32";
  readonly shape: number[];
  readonly data: string;
}

const found = pythons();
if (found.length === 0) console.warn("skipped: no python3 with torch to run the exported modules");

describe.skipIf(found.length === 0)("every architecture", () => {
  const jobs: Job[] = [];
  const results = new Map<string, Map<Job, Record<string, Stored>>>();
  const where = folder();

  beforeAll(() => {
    for (const [title, make] of cases) {
      const described = make();
      const opened = openedCase(described);
      const shares = described.labels === "shares";
      for (const network of ["generator", "discriminator"] as const) {
        if (shares && network === "discriminator") continue;
        const exported = exportedNetwork(opened, storedRun(), { network, ...(shares ? { labels: "shares" } : {}) });
        const file = join(where, `module${jobs.length}.py`);
        writeFileAtomic(file, pythonModule(exported));
        for (const batch of BATCHES) {
          const { inputs, outputs } = passOf(opened.trained, batch, network, shares);
          const taken = new Map(
            [...inputs].filter(([name]) => exported.graph.inputs.some((input) => input.name === name)),
          );
          const name = network === "generator" ? "Generator" : "Discriminator";
          jobs.push({ title, file, name, inputs: taken, expected: outputs });
        }
        disposeGraph(exported.graph);
      }
      opened.trained.dispose();
    }
    inferenceMode(() => {
      for (const [name, pass] of Object.entries(passes)) {
        const { graph, inputs, forward } = tracedPass(pass);
        const file = join(where, `module${jobs.length}.py`);
        writeFileAtomic(file, pythonModule({ kind: "generator", graph, metadata: {}, difference: 0 }));
        const given = inputs(3);
        jobs.push({ title: `operators: ${name}`, file, name: "Generator", inputs: given, expected: forward(given) });
        disposeGraph(graph);
      }
    });
    const input = JSON.stringify(
      jobs.map(({ file, name, inputs }) => ({
        file,
        name,
        inputs: Object.fromEntries(
          [...inputs].map(([key, tensor]) => {
            return [
              key,
              { dtype: tensor.dtype, shape: tensor.shape, data: Buffer.from(bytesOf(tensor)).toString("base64") },
            ];
          }),
        ),
      })),
    );
    for (const python of found) {
      const { status, stdout, stderr } = run(python, [join(import.meta.dirname, "run_pytorch.py")], input);
      if (status !== 0) throw new Error(`${python.program}: ${stderr}`);
      const { version, results: list } = JSON.parse(stdout) as { version: string; results: Record<string, Stored>[] };
      results.set(version, new Map(jobs.map((job, i) => [job, list[i]!])));
    }
  });

  const measured: Record<string, Record<string, number>> = {};
  afterAll(() => {
    for (const [target, values] of Object.entries(measured)) recordDifferences(target, values);
  });

  const titles = [...cases.map(([name]) => name), ...Object.keys(passes).map((name) => `operators: ${name}`)];
  it.each(titles)("%s", (title) => {
    for (const [version, outputs] of results) {
      let largest = 0;
      for (const [job, stored] of outputs) {
        if (job.title !== title) continue;
        const tensors = Object.values(stored).map(({ data, dtype, shape }) =>
          tensorOf(Buffer.from(data, "base64"), dtype, shape),
        );
        expect(tensors).toHaveLength(job.expected.size);
        for (const [i, expected] of [...job.expected.values()].entries()) {
          expect(tensors[i]!.shape).toEqual(expected.shape);
          largest = Math.max(largest, differenceOf(tensors[i]!.double(), expected.double()));
        }
      }
      expect(largest, version).toBeLessThan(networkCases[title]?.().tolerance ?? TOLERANCE);
      const target = `pytorch ${/^\d+\.\d+/.exec(version)![0]}`;
      if (!title.startsWith("operators: ")) measured[target] = { ...measured[target], [title]: largest };
    }
  });
});
