/** docs/reference/experiments.md follows from the definitions: every experiment with its flags. */
import { expect, it } from "vitest";
import type { z } from "zod";
import { kebab } from "../../src/cli/flags.ts";
import { defaultText, experiments, hintOf, markdownTable } from "../../src/experiments/index.ts";

const HEAD = `# Every experiment

What \`gantry lab\` can measure, with the flags of each. What they are about and what they showed: [lab.md](../how-to/lab.md), [results/](../results/README.md).

- \`--out DIR\` is the folder of the results (default: \`lab/<name>\`). The same command continues there: what is in \`records.jsonl\` is not measured again.
- \`--records PATH\` measures nothing and makes the page in \`--out\` again, from a file or a folder of records.
- An experiment that trains runs takes \`--jobs\`, \`--threads\`, \`--shard\` and \`--retry\` as \`gantry sweep\` does ([sweep.md](../how-to/sweep.md)).

This page is made from the definitions: \`npm test -- test/experiments/experiments-page.test.ts -u\`.
`;

it("docs/reference/experiments.md has every experiment with its flags and their defaults", async () => {
  const sections = Object.entries(experiments).map(([name, { description, examples, options }]) => {
    const rows = Object.entries(options as Record<string, z.ZodType>).map(([key, option]) => {
      const { argument, negative } = option.meta() as { argument?: boolean; negative?: string };
      const flag = argument ? `<${key}>` : `--${kebab(key)}`;
      const hint = argument || negative ? "" : ` ${hintOf(option)}`;
      return [`\`${flag}${hint}\``, option.description ?? "", defaultText(option) ?? "–"];
    });
    const commands = examples.map(({ line, does }) => `    ${line}    # ${does}`).join("\n");
    return [`## ${name}`, description, commands, markdownTable(["flag", "meaning", "default"], rows, 3)].join("\n\n");
  });
  await expect(`${[HEAD.trimEnd(), ...sections].join("\n\n")}\n`).toMatchFileSnapshot(
    "../../docs/reference/experiments.md",
  );
});
