/**
 * Runs the blocks of a page that are marked `run`, in their order, in one folder, as a reader would who follows the page. In the
 * folder are the page's programs, each from where the page shows it, and `photos/`; `gantry` is installed.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, it } from "vitest";
import { prepareClone } from "../../scripts/setup/prepare.js";
import { mnistFolder } from "../../src/data/sets/mnist.ts";
import { readIdx } from "../../src/formats/index.ts";
import { project } from "./modules.ts";
import { allPages, type Block, fileNameOf, type Page, root } from "./pages.ts";

/** Two classes of 24 small JPEG pictures: MNIST digits on coloured ground, under names that a reader might have. */
export async function makePhotos(folder: string): Promise<void> {
  const { data, shape } = readIdx(join(mnistFolder(), "t10k-images-idx3-ubyte"));
  const [, height, width] = shape as [number, number, number];
  for (let i = 0; i < 48; i++) {
    const isCat = i < 24;
    mkdirSync(join(folder, isCat ? "cat" : "dog"), { recursive: true });
    const digit = Buffer.from(data.subarray(i * height * width, (i + 1) * height * width));
    const picture = sharp(digit, { raw: { width, height, channels: 1 } })
      .resize(48, 40, { fit: "fill" })
      .tint(isCat ? { r: 230, g: 140, b: 40 + 4 * i } : { r: 60, g: 110 + 2 * i, b: 220 });
    await picture
      .toColourspace("srgb")
      .jpeg()
      .toFile(join(folder, isCat ? "cat" : "dog", `${i % 24}.jpg`));
  }
}

/** The programs that a page's commands find first: `gantry` and, for `npx`, the same in the project. */
function install(folder: string): void {
  project(folder);
  const bin = join(folder, "node_modules/.bin");
  mkdirSync(bin);
  symlinkSync(join(root, "test/docs/gantry.js"), join(bin, "gantry"));
  symlinkSync(join(root, "node_modules/jiti/lib/jiti-cli.mjs"), join(bin, "jiti"));
}

/** Runs a program; throws what it said where it fails. */
function run(program: string, args: readonly string[], folder: string, block: Block): void {
  const path = [join(folder, "node_modules/.bin"), dirname(process.execPath), process.env.PATH].join(delimiter);
  // One thread: other test files run at the same time.
  const own = { PATH: path, SHORT: block.short.join(" "), NO_COLOR: "1", GANTRY_STACK: "", OMP_NUM_THREADS: "1" };
  const env = { ...process.env, ...own };
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, env, encoding: "utf8", timeout: 300_000 });
  if (status === 0) return;
  const failedLine = /^failed line (\d+)$/m.exec(stderr)?.[1];
  const line = block.line + (failedLine === undefined ? 0 : Number(failedLine) - 1);
  const said = `${stdout}${stderr}`.replace(/^failed line \d+\n/m, "").trimEnd();
  throw new Error(`${block.page}:${line}: ended with ${status}: ${block.text.split("\n")[line - block.line]}\n${said}`);
}

/** Runs the page in a new folder next to `photos`. Programs are written as the page shows them; those marked `run` also run. */
export function runPage(page: Page, folder: string): void {
  install(folder);
  let file = "";
  let text = "";
  for (const block of page.blocks) {
    if (block.lang === "ts" || block.lang === "js") {
      const continues = block.words.includes("continued");
      text = continues ? `${text}${block.text}\n` : `${block.text}\n`;
      if (!continues) file = fileNameOf(block) ?? `block-${block.line}.ts`;
      writeFileSync(join(folder, file), text);
      if (block.words.includes("run"))
        run(process.execPath, [join(root, "node_modules/jiti/lib/jiti-cli.mjs"), file], folder, block);
    } else if (block.lang === "sh" && block.words.includes("run")) {
      // On one line with the block's first, so that the numbers of lines are the block's.
      const begin = `set -eo pipefail; trap 'echo "failed line $LINENO" >&2' ERR;`;
      run("bash", ["-c", `${begin} ${block.text}`], folder, block);
    } else if (fileNameOf(block) !== undefined) writeFileSync(join(folder, fileNameOf(block)!), `${block.text}\n`);
  }
}

export const isRun = (page: Page): boolean => page.blocks.some(({ words }) => words.includes("run"));

/** One test for each page with blocks to run whose path begins with one of these. */
export function describeRuns(name: string, isOne: (path: string) => boolean): void {
  const folder = mkdtempSync(join(tmpdir(), "gantry-pages-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeAll(async () => {
    prepareClone();
    await makePhotos(join(folder, "photos"));
  });
  describe(name, () => {
    const pages = allPages().filter((page) => isRun(page) && isOne(page.path));
    // A page takes up to half a minute on an idle core.
    const timeout = 900_000;
    it.each(pages.map((page) => [page.path, page] as const))("%s works as written", { timeout }, (path, page) => {
      const own = join(folder, path.replace(/\W+/g, "-"));
      mkdirSync(own);
      cpSync(join(folder, "photos"), join(own, "photos"), { recursive: true });
      runPage(page, own);
    });
  });
}
