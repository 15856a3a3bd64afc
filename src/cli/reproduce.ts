/** `gantry reproduce`: the claims of papers, each with its set-up, its cost and its verdict. */
import { join } from "node:path";
import { counted } from "../base/counted.ts";
import {
  type Claim,
  claims,
  conclude,
  countOf,
  loadClaim,
  published,
  type Size,
  type Stage,
  secondsOf,
  setupText,
  sizeOf,
  stageOptions,
} from "../experiments/index.ts";
import { defineCommand } from "./command.ts";
import { asUsage, exitCodes, UsageError } from "./errors.ts";
import { flag, wholeNumber } from "./flags.ts";
import { type LabFlags, runInLab, sweepInLab } from "./lab-run.ts";
import { near } from "./program.ts";
import { duration } from "./progress.ts";
import { runFlags } from "./sweep.ts";
import { wrap } from "./usage.ts";

const args = {
  claim: {
    type: "positional",
    required: false,
    description: "a claim of --list, or the path of a file that exports defineClaim({ ... })",
  },
  list: { type: "boolean", description: "print every claim with its cost and its published verdict" },
  out: flag("DIR", "the folder, where the same command continues; default: reproduce/<claim>"),
  seeds: flag("N", "seeds instead of the set-up's; with fewer the verdict is undecided, and says so"),
  length: flag("N", "length of the runs instead of the set-up's; with less the verdict is undecided, and says so"),
  dryRun: { type: "boolean", description: "run nothing: print set-up, cost and rule" },
  jobs: runFlags.jobs,
  threads: runFlags.threads,
  retry: runFlags.retry,
  json: runFlags.json,
} as const;

/** `20 runs of 37 min 39 s: about 12 h 33 min on one core (measured: ...)`. */
function costText({ cost }: Claim, stages: readonly Stage[]): string {
  const parts = stages.map((stage) => {
    const what = "sweep" in stage || "sweep" in stage.experiment ? "run" : "measurement";
    const count = countOf(stage);
    return `${counted(count, what)} of ${duration(stage.seconds)}`;
  });
  const source = "measured" in cost ? `measured: ${cost.measured}` : `an estimate: ${cost.estimated}`;
  return `${parts.join(", ")}; together about ${duration(secondsOf(stages))} on one core (${source})`;
}

/** Columns of a terminal that `--list` takes at most. */
const WIDTH = 100;

/** What is known before anything runs. */
function describe(claim: Claim, size: Size, stages: readonly Stage[], folder: string): string {
  const found = published[claim.name];
  const lines = [
    ["Claim", `${claim.claim} (${claim.source})`],
    ["Set-up", setupText(claim, size)],
    ...(claim.limits === undefined ? [] : [["Limits", claim.limits]]),
    ["Rule", claim.rule],
    ...(found === undefined ? [] : [["Published", `${found.text} (${found.size})`]]),
    ["Cost", costText(claim, stages)],
    ["Folder", near(folder)],
  ];
  return lines.map(([name, text]) => `${name}: ${text}\n`).join("");
}

/** Of each claim its name, its cost and its verdict in columns, and what it says below. */
function listText(): string {
  const rows = Object.values(claims).map((claim) => {
    const cost = duration(secondsOf(claim.stages(claim.size, claim.name)));
    return { name: claim.name, cost, verdict: published[claim.name]?.text ?? "not measured", claim: claim.claim };
  });
  const header = { name: "name", cost: "on one core", verdict: "published verdict" };
  const [names, costs] = (["name", "cost"] as const).map((column) =>
    Math.max(...[header, ...rows].map((row) => row[column].length)),
  );
  const line = ({ name, cost, verdict }: typeof header): string =>
    `${name.padEnd(names!)}  ${cost.padStart(costs!)}  ${verdict}\n`;
  const texts = rows.map((row) => {
    const below = wrap(row.claim, WIDTH - 4).map((text) => `    ${text}\n`);
    return `${line(row)}${below.join("")}`;
  });
  return `${line(header)}\n${texts.join("")}`;
}

function list(json: boolean | undefined): number {
  if (!json) {
    process.stdout.write(listText());
    return exitCodes.success;
  }
  for (const { name, claim, source, setup, rule, size, stages } of Object.values(claims)) {
    const seconds = secondsOf(stages(size, name));
    const verdict = published[name] ?? null;
    const line = { event: "claim", name, claim, source, setup, size, seconds, rule, published: verdict };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
  return exitCodes.success;
}

/** Runs a stage in its folder, once for each of its options. */
async function runStage(stage: Stage, folder: string, flags: LabFlags): Promise<number> {
  const own = { ...flags, out: join(folder, stage.name) };
  if ("sweep" in stage) return sweepInLab(stage.sweep, own);
  for (const options of asUsage(() => stageOptions(stage))) {
    const code = await runInLab(stage.experiment, options, own);
    if (code !== exitCodes.success) return code;
  }
  return exitCodes.success;
}

/** The command, for the shell to mount. */
export const reproduce = defineCommand({
  meta: {
    name: "reproduce",
    description:
      "Tests a claim of a paper: shows what it costs, runs its experiment, and ends with the verdict, its evidence and a page. Ctrl-C or a crash loses nothing: the same command continues where it stopped.",
  },
  args,
  examples: [
    { line: "gantry reproduce --list", does: "every claim, with its cost and the verdict of the published records" },
    { line: "gantry reproduce top-k-quality --dry-run", does: "its set-up, its rule and its cost" },
    { line: "gantry reproduce historical-averaging", does: "a short one: minutes" },
    { line: "gantry reproduce ./my-claim.ts", does: "a claim of your own (docs/how-to/reproduce.md)" },
  ],
  async run({ args: flags }) {
    if (flags.list && flags.claim !== undefined)
      throw new UsageError("gantry reproduce takes a claim or --list, not both");
    if (flags.list) return list(flags.json);
    if (flags.claim === undefined) throw new UsageError("gantry reproduce needs a claim, or --list");
    const seeds = wholeNumber("--seeds", flags.seeds, 1);
    const length = wholeNumber("--length", flags.length, 1);
    wholeNumber("--jobs", flags.jobs, 1);
    wholeNumber("--threads", flags.threads, 1);
    const claim = await loadClaim(flags.claim);
    const size = asUsage(() => sizeOf(claim, { seeds, length }));
    const folder = flags.out ?? join("reproduce", claim.name);
    const stages = asUsage(() => claim.stages(size, folder));
    if (flags.json) {
      const { name, claim: sentence, source } = claim;
      const plan = {
        event: "plan",
        name,
        claim: sentence,
        source,
        size,
        seconds: secondsOf(stages),
        directory: folder,
      };
      process.stdout.write(`${JSON.stringify(plan)}\n`);
    } else process.stdout.write(describe(claim, size, stages, folder));
    if (flags.dryRun) return exitCodes.success;
    const { claim: _, list: __, dryRun: ___, ...passed } = flags;
    for (const stage of stages) {
      const code = await runStage(stage, folder, passed as LabFlags);
      if (code !== exitCodes.success) return code;
    }
    const verdict = await conclude(claim, size, folder);
    const page = join(folder, "claim.md");
    if (flags.json)
      process.stdout.write(`${JSON.stringify({ event: "verdict", name: claim.name, ...verdict, page })}\n`);
    else process.stdout.write(`\nVerdict: ${verdict.text}\nEvidence: ${verdict.evidence}.\nPage: ${near(page)}\n`);
    return exitCodes.success;
  },
});
