/** A page's blocks run in order in one folder; what fails is said with page, line and reason. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { prepareClone } from "../../scripts/setup/prepare.js";
import { parsePage } from "./pages.ts";
import { makePhotos, runPage } from "./run-page.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-page-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  prepareClone();
  await makePhotos(join(folder, "photos"));
});

/** A page of these blocks, run in a folder of its own. */
function runBlocks(name: string, ...blocks: readonly string[]): string {
  const own = join(folder, name);
  mkdirSync(own);
  runPage(parsePage("docs/x.md", ["# X", ...blocks].join("\n\n")), own);
  return own;
}

const fence = (info: string, text: string) => `\`\`\`${info}\n${text}\n\`\`\``;

it("keeps state from block to block, shortens training, and runs programs", () => {
  const train = "gantry train ./mine.ts --set steps=5000 \\\n  --steps 4000 --out runs/a --no-evaluate";
  const own = runBlocks(
    "whole",
    fence("ts", '// mine.ts: small\nimport { defineRecipe, hinge } from "gantry";\n'),
    fence(
      "ts continued",
      'import narrow from "./narrow.js";\nexport default defineRecipe({ ...narrow, loss: hinge(), batchSize: 8, steps: 4000 });',
    ),
    fence(
      "js",
      '// narrow.js\nimport { dcgan, mnist, adam } from "gantry";\nconst optimizers = { generator: adam(), discriminator: adam() };\nexport default { data: mnist({ size: 16, first: 64 }), generator: dcgan.generator({ width: 4 }), discriminator: dcgan.discriminator({ width: 4 }), optimizers };',
    ),
    fence("sh", "exit 1 # is only read"),
    fence('sh run short="steps=2 log.every=1"', train),
    fence("sh run", "npx gantry resume runs/a --steps 3\ntest -d runs/a/checkpoints/step-000003"),
    fence(
      "ts run",
      'import { RunDirectory } from "gantry";\nimport { writeFileSync } from "node:fs";\nwriteFileSync("loss.txt", new RunDirectory("runs/a").description().recipe.loss.kind);',
    ),
  );
  expect(readFileSync(join(own, "loss.txt"), "utf8")).toBe("hinge");
  const { recipe } = JSON.parse(readFileSync(join(own, "runs/a/recipe.json"), "utf8"));
  expect(recipe.log).toMatchObject({ every: 1 });
});

it("says where a command fails, and why", () => {
  const blocks = [fence("sh run", "touch a"), fence("sh run", "test -f a\ngantry sample runs/none\ntouch b")];
  expect(() => runBlocks("broken", ...blocks)).toThrow(
    /^docs\/x\.md:9: ended with 1: gantry sample runs\/none\ngantry: .*runs\/none/,
  );
  expect(existsSync(join(folder, "broken/b"))).toBe(false);
});

it("says where a program fails, and why", () => {
  expect(() => runBlocks("thrown", fence("ts run", 'throw new Error("a fault");'))).toThrow(
    /^docs\/x\.md:4: ended with 1: [\s\S]*a fault/,
  );
});

it("has photos of two classes", () => {
  expect(readdirSync(join(folder, "photos"))).toEqual(["cat", "dog"]);
  expect(readdirSync(join(folder, "photos/dog"))).toHaveLength(24);
});
