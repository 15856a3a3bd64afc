/** The command lines of every page are ones that Gantry takes. */
import { describe, expect, it } from "vitest";
import { commandFault } from "./commands.ts";
import { allPages, parsePage } from "./pages.ts";
import { commandsOf } from "./shell-lines.ts";

/** Each wrong command of a page, with its line and reason. */
async function faultsOf(page: ReturnType<typeof parsePage>): Promise<string[]> {
  const faults: string[] = [];
  const blocks = page.blocks.filter(({ lang }) => lang === "sh");
  for (const command of [...blocks, ...page.inline].flatMap(commandsOf)) {
    const fault = await commandFault(command);
    // A sentence may name a command without its arguments: `gantry resume`.
    if (
      fault === undefined ||
      (page.inline.includes(command.block) && /is missing: |needs a (command|value): /.test(fault))
    )
      continue;
    faults.push(`${page.path}:${command.line}: ${command.words.join(" ")}: ${fault}`);
  }
  return faults;
}

describe("commands", () => {
  it("are right on every page", async () => {
    const faults: string[] = [];
    for (const page of allPages()) faults.push(...(await faultsOf(page)));
    expect(faults).toEqual([]);
  });

  it.each([
    ["gantry trian mnist", /unknown command `gantry trian`; did you mean `train`\?/],
    ["gantry train mnist --step 5", /unknown flag --step; did you mean --steps\?/],
    ["gantry train mnist --steps many", /--steps \(=many\) must be a number/],
    ["gantry train nmist", /there is no recipe `nmist`/],
    ["gantry train mnist --set lossy=hinge", /lossy/],
    ["gantry train mnist --set techniques.topK.flor=0.5", /flor/],
    ["gantry train photos --set generator.widht=8", /widht/],
    ["gantry train ./mine.ts --set lossy=hinge", /a recipe has no key `lossy`/],
    ["gantry sweep mnist --over loss=hinge,wassersteen", /wassersteen/],
    ["gantry lab mixtures", /unknown command/],
    ["gantry lab mixture --steps few", /few/],
    ["gantry reproduce top-k-qualities", /must be one of/],
    ["gantry evaluate RUN --metrics fidd", /fidd/],
    ["gantry export RUN --to onx", /must be one of/],
    ["gantry sample RUN --count", /--count needs a value/],
    ["A=1 gantry train mnist \\\n  --bogus | tee log", /bogus/],
    ["npm run docks", /no script `docks`/],
    ["node scripts/none.js", /there is no scripts\/none.js/],
  ])("%s is found out", async (text, reason) => {
    const page = parsePage("docs/x.md", `# X\n\nText.\n\n\`\`\`sh\n# first\n${text}\n\`\`\`\n`);
    const faults = await faultsOf(page);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^docs\/x\.md:7: /);
    expect(faults[0]).toMatch(reason);
  });

  it.each([
    "gantry train mnist --set steps=20 --out runs/x  # a comment",
    "gantry train photos/ --set data.size=32",
    "gantry train RECIPE --set batchSize=8 --from RUN",
    "gantry resume runs/x --steps 30 && gantry sample runs/x > log.txt",
    "gantry sweep mnist --over 'techniques=[],[topK]' --seeds 2 --shard 1/4",
    "gantry evaluate RUN --protocol fid-50k-train --set kid.subsets=50 --metrics kid",
    "npx gantry reproduce --list",
  ])("%s passes", async (text) => {
    expect(await faultsOf(parsePage("docs/x.md", `# X\n\n\`\`\`sh\n${text}\n\`\`\`\n`))).toEqual([]);
  });
});
