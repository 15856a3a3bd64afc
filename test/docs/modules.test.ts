/** The programs on the pages fit the types of the built package. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { prepareClone } from "../../scripts/setup/prepare.js";
import { typeFaults } from "./modules.ts";
import { allPages, parsePage } from "./pages.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-docs-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => prepareClone());

it("every program has the right types", () => {
  expect(typeFaults(allPages(), join(folder, "pages"))).toEqual([]);
});

it("an error is said with its page and line", () => {
  const text = [
    "# A page",
    '```ts\n// a.ts\nimport { hinge } from "gantry";\n\nexport const loss = hinge();\n```',
    "```ts continued\nexport const count: number = loss.kind;\n```",
    '```ts\nimport { loss } from "./a.ts";\nimport { hinges } from "gantry";\n\nconsole.log(loss, hinges);\n```',
  ];
  const faults = typeFaults([parsePage("docs/x.md", text.join("\n\n"))], join(folder, "wrong"));
  expect(faults).toEqual([
    expect.stringMatching(/^docs\/x\.md:11: TS2322: /),
    expect.stringMatching(/^docs\/x\.md:16: TS2724: .*hinges/),
  ]);
});
