/** docs/reference/experiments.md follows from the definitions: every experiment with its flags. */
import { expect, it } from "vitest";
import type { z } from "zod";
import { kebab } from "../../src/cli/flags.ts";
import { wrap } from "../../src/cli/usage.ts";
import { defaultText, experiments, hintOf, markdownTable } from "../../src/experiments/index.ts";

const HEAD = `# Experiments

This page lists what \`gantry lab\` can measure, with the flags of each experiment.
[lab](../how-to/lab.md) says what they are about, and [results](../results/README.md) what they
showed. The page is made from the definitions:
\`npm test -- test/experiments/experiments-page.test.ts -u\`.

- \`--out DIR\` is the folder of the results. Its default is \`lab/<name>\`. The same command
  continues there. What is in \`records.jsonl\` is not measured again.
- \`--records PATH\` measures nothing. It makes the page in \`--out\` again, from a file or a folder
  of records.
- An experiment that trains runs takes \`--jobs\`, \`--threads\`, \`--shard\` and \`--retry\`, as
  [\`gantry sweep\`](cli.md#sweep) does.
`;

it("docs/reference/experiments.md has every experiment with its flags and their defaults", async () => {
  const sections = Object.entries(experiments).map(([name, { description, examples, options }]) => {
    const rows = Object.entries(options as Record<string, z.ZodType>).map(([key, option]) => {
      const { argument, negative } = option.meta() as { argument?: boolean; negative?: string };
      const flag = argument ? `<${key}>` : `--${kebab(key)}`;
      const hint = argument || negative ? "" : ` ${hintOf(option)}`;
      return [`\`${flag}${hint}\``, option.description ?? "", defaultText(option) ?? "–"];
    });
    const commands = examples.map(({ line, does }) => `${line}    # ${does}`).join("\n");
    return [
      `## ${name}`,
      wrap(description, 100).join("\n"),
      `\`\`\`sh\n${commands}\n\`\`\``,
      markdownTable(["flag", "meaning", "default"], rows, 3),
    ].join("\n\n");
  });
  await expect(`${[HEAD.trimEnd(), ...sections].join("\n\n")}\n`).toMatchFileSnapshot(
    "../../docs/reference/experiments.md",
  );
});
