/**
 * The published verdicts are what the records of docs/results/data give by each claim's rule. `npm test --
 * test/experiments/published-verdicts -u` writes src/experiments/claims/published.ts
 * and the table of docs/how-to/reproduce.md.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { duration } from "../../src/base/duration.ts";
import { countOf, secondsOf, stageOptions, type Verdict } from "../../src/experiments/claim.ts";
import { claims } from "../../src/experiments/claims/index.ts";
import { published } from "../../src/experiments/claims/published.ts";
import { verdictFrom } from "../../src/experiments/reproduce.ts";

const data = join(import.meta.dirname, "../../docs/results/data");
const all = Object.values(claims);

/** As biome formats it: a value that would be beyond 120 columns has a line of its own. */
function property(name: string, value: string): string {
  const line = `    ${name}: ${JSON.stringify(value)},`;
  return line.length <= 120 ? line : `    ${name}:\n      ${JSON.stringify(value)},`;
}

function source(verdicts: Readonly<Record<string, Verdict>>): string {
  const entries = Object.entries(verdicts).map(([name, verdict]) => {
    const key = /^\w+$/.test(name) ? name : JSON.stringify(name);
    return `  ${key}: {\n${Object.entries(verdict)
      .map(([field, value]) => property(field, value))
      .join("\n")}\n  },\n`;
  });
  return [
    "/** The verdicts of the records in docs/results/data, by claim. Written by test/experiments/published-verdicts.test.ts. */\n",
    'import type { Verdict } from "../claim.ts";\n\n',
    "export const published: Readonly<Record<string, Verdict>> = {\n",
    ...entries,
    "};\n",
  ].join("");
}

describe("published verdicts", () => {
  it("are those of the stored records", async () => {
    const made: Record<string, Verdict> = {};
    for (const claim of all) {
      if (claim.records === undefined) continue;
      const file = join(data, `${claim.records}.jsonl`);
      expect(existsSync(file), claim.name).toBe(true);
      const last = claim.stages(claim.size, "folder").at(-1)!;
      made[claim.name] = verdictFrom(claim, last, file);
    }
    await expect(source(made)).toMatchFileSnapshot("../../src/experiments/claims/published.ts");
  });

  it("are the table of docs/how-to/reproduce.md", async () => {
    const page = join(import.meta.dirname, "../../docs/how-to/reproduce.md");
    const rows = all.map(({ name, claim, source, size: own, stages }) => {
      const { text, size } = published[name] ?? { text: "not measured", size: "–" };
      const cost = duration(secondsOf(stages(own, name)));
      return `| \`${name}\` | ${claim} (${source}) | ${text} | ${size} | ${cost} |`;
    });
    const header = [
      "| name | claim | published verdict | measured at | on one core |",
      "| --- | --- | --- | --- | --- |",
    ];
    const table = [...header, ...rows].join("\n");
    const text = readFileSync(page, "utf8");
    const made = text.replace(
      /(<!-- made: verdicts -->\n).*(<!-- end -->)/s,
      (_, begin, end) => `${begin}\n${table}\n\n${end}`,
    );
    await expect(made).toMatchFileSnapshot(page);
  });

  it("name claims that exist, and every claim has one or no records", () => {
    for (const name of Object.keys(published)) expect(claims[name]?.records, name).toBeDefined();
  });
});

describe("the shipped claims", () => {
  it.each(all.map((claim) => [claim.name, claim] as const))("%s: its set-up fits its experiments", (_, claim) => {
    for (const stage of claim.stages(claim.size, "folder")) {
      if ("experiment" in stage) expect(stageOptions(stage).length).toBeGreaterThan(0);
      expect(countOf(stage)).toBeGreaterThanOrEqual(1);
      expect(stage.seconds).toBeGreaterThan(0);
    }
  });
});
