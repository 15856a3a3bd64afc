/**
 * Exported pages in a real Chromium, served by a plain static server: their pixels are those of `gantry sample`, and a reader can
 * do with them what the page offers. `GANTRY_SCREENSHOTS` names a folder for pictures of them.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cifar10, mixtureOfGaussians, mnist } from "../../src/data/index.ts";
import { openNpz } from "../../src/formats/index.ts";
import { hinge } from "../../src/losses/index.ts";
import { dcgan, mlp } from "../../src/models/index.ts";
import { adam } from "../../src/optim/index.ts";
import type { RecipeInput } from "../../src/recipe/index.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { openCheckpoint, writeSamples } from "../../src/training/index.ts";
import { start } from "../cli/spawn.ts";
import { axeFindings, type Browser, complaintsOf, executable, overflowOf, startBrowser } from "../studio/browser.ts";
import { type StaticServer, serveFolder } from "./static-server.ts";
import { type UntrainedOptions, untrainedRun } from "./untrained-run.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-web-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Names that a page must show and not follow. */
const HOSTILE = ["<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>", "plain"];

const common = {
  loss: hinge(),
  optimizers: { generator: adam({ lr: 1e-3 }), discriminator: adam({ lr: 1e-3 }) },
  steps: 1,
  threads: 1,
} as const;

const runs: Readonly<Record<string, UntrainedOptions>> = {
  digits: {
    recipe: {
      ...common,
      name: "digits",
      data: mnist({ size: 16 }) as RecipeInput["data"],
      generator: dcgan.generator({ latent: 20, width: 8, conditional: true }),
      discriminator: dcgan.discriminator({ width: 2, conditional: true }),
    },
    shape: { sample: { channels: 1, size: 16 }, classes: HOSTILE },
  },
  faces: {
    recipe: {
      ...common,
      name: "faces",
      data: cifar10({ size: 16 }) as RecipeInput["data"],
      generator: dcgan.generator({ latent: 20, width: 8, conditional: true }),
      discriminator: dcgan.discriminator({ width: 2, conditional: true }),
      latentDistribution: "uniform",
    },
    shape: {
      sample: { channels: 3, size: 16 },
      classes: [],
      conditions: {
        columns: [
          { name: "smiling", kind: "flag", mean: 0.25, deviation: 0.433, least: 0, most: 1 },
          { name: "<b>age</b>", kind: "number", mean: 40, deviation: 12, least: 18, most: 80 },
        ],
        rows: Tensor.fromArray(Float32Array.of(0, -1, 1, 1), [2, 2]),
      },
    },
  },
  mixture: {
    recipe: {
      ...common,
      name: "mixture",
      data: mixtureOfGaussians({ modes: 4 }) as unknown as RecipeInput["data"],
      generator: mlp.generator({ latent: 2, hidden: [16] }),
      discriminator: mlp.discriminator({ hidden: [8] }),
    },
    shape: { sample: { features: 2 }, classes: [] },
  },
};

/** What the plot of four modes at (+-0.5, +-0.5) shows: 12 deviations of 0.05 around them. */
const FRAME = { left: -1.1, top: 1.1, size: 2.2 };

const pathOf = (name: string): string => join(folder, "runs", name);

/** Writes what `gantry sample RUN --to ...` writes. */
async function sample(name: string, options: Partial<Parameters<typeof writeSamples>[1]>): Promise<string> {
  const to = options.to ?? "folder";
  const path = join(folder, `${name}-${Math.random()}${to === "npz" ? ".npz" : ""}`);
  const { trained } = await openCheckpoint(pathOf(name));
  try {
    await writeSamples(trained, { to, path, count: 4, seed: 0, averaged: true, ...options });
  } finally {
    trained.dispose();
  }
  return path;
}

/** The pixels of the PNG files of a folder, in the order of their names; of gray ones one number each. */
async function pixelsIn(path: string, channels: 1 | 3): Promise<number[][]> {
  const pixels = readdirSync(path)
    .sort()
    .map((name) =>
      sharp(readFileSync(join(path, name)))
        .removeAlpha()
        .raw()
        .toBuffer(),
    );
  return (await Promise.all(pixels)).map((data) => [...data].filter((_, i) => channels === 3 || i % 3 === 0));
}

/** The pixels of the first tiles of a page, as many numbers for each as the files of gray or colour have. */
async function tilesOf(page: Page, count: number, channels: 1 | 3): Promise<number[][]> {
  const all = (await page.evaluate(`[...document.querySelectorAll(".tile canvas")].slice(0, ${count}).map((canvas) =>
    [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data])`)) as number[][];
  return all.map((data) => data.filter((_, i) => (channels === 1 ? i % 4 === 0 : i % 4 !== 3)));
}

/** Waits until the page shows the samples of what is chosen. */
const drawn = async (page: Page): Promise<void> => {
  // The page's policy allows no text as code, so nothing can wait for an expression.
  await page.waitForSelector('#samples[aria-busy="false"]');
};

/** Sets a slider or a number as a hand does. */
async function set(page: Page, selector: string, value: number | string): Promise<void> {
  await page.locator(selector).evaluate((control: { value: string; dispatchEvent(event: Event): void }, given) => {
    control.value = String(given);
    control.dispatchEvent(new Event("input", { bubbles: true }));
    control.dispatchEvent(new Event("change", { bubbles: true }));
  }, value);
  await drawn(page);
}

const screenshot = async (page: Page, name: string): Promise<void> => {
  const to = process.env.GANTRY_SCREENSHOTS;
  if (to !== undefined) await page.screenshot({ path: join(to, `${name}.png`), fullPage: true });
};

describe.skipIf(executable === undefined)("an exported page (needs `chromium` on PATH)", () => {
  let browser: Browser;
  let server: StaticServer;
  const foreign: string[] = [];

  beforeAll(async () => {
    for (const [name, options] of Object.entries(runs)) untrainedRun(pathOf(name), options);
    // Brings dist/ up to date in a clone, which says so.
    await start(["--version"]);
    for (const name of Object.keys(runs)) {
      const { code, stderr } = await start([
        "export",
        pathOf(name),
        "--to",
        "web",
        "--out",
        join(folder, "site", name),
      ]);
      expect([code, stderr]).toEqual([0, ""]);
    }
    server = await serveFolder(join(folder, "site"));
    browser = await startBrowser();
    browser.context.on("request", (request) => {
      if (!request.url().startsWith(server.address) && !/^(?:blob|data):/.test(request.url()))
        foreign.push(request.url());
    });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  /** Opens a page and waits for its samples; complaints are checked when it is closed. */
  async function withPage(name: string, body: (page: Page) => Promise<void>): Promise<void> {
    const page = await browser.context.newPage();
    const complaints = complaintsOf(page);
    await page.goto(`${server.address}${name}/`);
    await page.waitForSelector("#content:not([hidden]), #state.problem");
    expect(await page.locator("#state").textContent()).toMatch(
      /^Computed on the .*It makes the sample that Gantry made\.$/,
    );
    await body(page);
    // Chromium says that it has no GPU, and that this test reads canvases often.
    expect(complaints.filter((text) => !/^No available adapters|^Canvas2D: Multiple readback/.test(text))).toEqual([]);
    expect(foreign).toEqual([]);
    await page.close();
  }

  it("draws the pixels of gantry sample for seeds, classes and truncations", async () => {
    await withPage("digits", async (page) => {
      await drawn(page);
      expect(await tilesOf(page, 4, 1)).toEqual(await pixelsIn(await sample("digits", { count: 4 }), 1));
      await set(page, "#seed", 123);
      await set(page, "#truncation", 0.7);
      await set(page, "#class", 2);
      const chosen = { seed: 123, truncation: 0.7, classIndex: 2 };
      expect(await tilesOf(page, 4, 1)).toEqual(await pixelsIn(await sample("digits", chosen), 1));
      expect(await page.locator("#samples code").textContent()).toBe(
        "gantry sample RUN --to folder --seed 123 --count 64 --truncation 0.7 --class '#2'",
      );
    });
  });

  it("shows names as text, draws other conditions and colours, and saves what it shows as PNG", async () => {
    await withPage("digits", async (page) => {
      await drawn(page);
      expect(await page.locator("#class option").allTextContents()).toEqual(["all in turn", ...HOSTILE]);
      expect(await page.locator("img").count()).toBe(0);
      expect(await page.locator(".tile").first().getAttribute("aria-label")).toBe(`seed 0, class ${HOSTILE[0]}`);
      const [saved] = await Promise.all([page.waitForEvent("download"), page.click("#save-grid")]);
      expect(saved.suggestedFilename()).toBe("seed0-grid.png");
      const grid = await sharp(await saved.path())
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect(grid.info).toMatchObject({ width: 2 + 8 * 18, height: 2 + 8 * 18, channels: 4 });
      const [tile] = await tilesOf(page, 1, 1);
      const row = (y: number): number[] =>
        Array.from({ length: 16 }, (_, x) => grid.data[4 * ((y + 2) * 146 + x + 2)]!);
      expect(Array.from({ length: 16 }, (_, y) => row(y)).flat()).toEqual(tile);
    });
    await withPage("faces", async (page) => {
      await drawn(page);
      expect(await page.locator(".conditions label").allTextContents()).toEqual(["smiling", "<b>age</b>"]);
      await set(page, ".conditions input >> nth=0", 1);
      await set(page, ".conditions input >> nth=1", 60);
      const condition = { smiling: 1, "<b>age</b>": 60 };
      expect(await tilesOf(page, 4, 3)).toEqual(await pixelsIn(await sample("faces", { condition }), 3));
      await screenshot(page, "faces");
    });
  });

  it("goes from one picked sample to another by keys, slider and dragging", async () => {
    await withPage("digits", async (page) => {
      await drawn(page);
      // From the first tile, one to the right and one down: number 9 of eight columns.
      await page.locator(".tile").first().focus();
      await page.keyboard.press("Enter");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      expect(
        await page
          .locator('.tile[aria-pressed="true"]')
          .evaluateAll((tiles) => tiles.map((t) => t.getAttribute("data-end"))),
      ).toEqual(["A", "B"]);
      const slider = page.locator("#between input[type=range]");
      const pixels = async (): Promise<number[]> => {
        await page.waitForTimeout(100);
        const data = (await page.evaluate(
          `[...document.querySelector("#between canvas").getContext("2d").getImageData(0, 0, 16, 16).data]`,
        )) as number[];
        return data.filter((_, i) => i % 4 === 0);
      };
      const tiles = await tilesOf(page, 10, 1);
      await slider.focus();
      await page.keyboard.press("Home");
      expect(await pixels()).toEqual(tiles[0]);
      await page.keyboard.press("End");
      expect(await pixels()).toEqual(tiles[9]);
      // A drag across the picture from its right edge to its middle.
      await page.locator("#between canvas").scrollIntoViewIfNeeded();
      const box = (await page.locator("#between canvas").boundingBox())!;
      await page.mouse.move(box.x + box.width - 2, box.y + 10);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width / 2, box.y + 10, { steps: 5 });
      await page.mouse.up();
      expect(Number(await slider.inputValue())).toBeCloseTo(0.5, 1);
      expect(await pixels()).not.toEqual(tiles[9]);
      const [saved] = await Promise.all([page.waitForEvent("download"), page.click("#save-between")]);
      expect(saved.suggestedFilename()).toMatch(/^seed0-to-seed9-at-0\.5\d?\.png$/);
    });
  });

  it("draws vectors as points, and picks the nearest", async () => {
    await withPage("mixture", async (page) => {
      await drawn(page);
      // The numbers of 2,000 seeds, and the one inside the plot that is the farthest from all others.
      const npz = await openNpz(await sample("mixture", { to: "npz", count: 2000 }));
      const values = (await npz.array("arr_0")).toArray() as Float32Array;
      npz.close();
      const points = Array.from({ length: 2000 }, (_, i) => [values[2 * i]!, values[2 * i + 1]!] as const);
      const { left, top, size } = FRAME;
      const inside = points.flatMap(([x, y], i) =>
        x > left && x < left + size && y < top && y > top - size
          ? [{ i, at: [(x - left) / size, (top - y) / size] as const }]
          : [],
      );
      const gap = ({ i, at }: (typeof inside)[number]): number =>
        Math.min(...inside.filter((one) => one.i !== i).map((one) => Math.hypot(one.at[0] - at[0], one.at[1] - at[1])));
      const lonely = inside.reduce((best, one) => (gap(one) > gap(best) ? one : best));
      const { width, height } = (await page.locator("#samples canvas").boundingBox())!;
      await page.click("#samples canvas", { position: { x: lonely.at[0] * width, y: lonely.at[1] * height } });
      expect(await page.locator('[data-end="A"] input').inputValue()).toBe(String(lonely.i));
    });
  });

  it.each(["digits", "mixture"])(
    "fits windows of 360 to 2560 pixels, light and dark, and axe finds nothing: %s",
    async (name) => {
      await withPage(name, async (page) => {
        for (const scheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme: scheme });
          for (const width of [360, 1280, 2560]) {
            await page.setViewportSize({ width, height: 800 });
            expect(await overflowOf(page), `${width}`).toBeLessThanOrEqual(0);
            await screenshot(page, `${name}-${width}-${scheme}`);
          }
          await page.setViewportSize({ width: 1280, height: 800 });
          // axe is put into the page by the test, past its policy.
          expect(await axeFindings(page)).toEqual([]);
        }
      });
    },
  );

  it("works without a network, and below any address", async () => {
    const deep = join(folder, "site/a b/c");
    cpSync(join(folder, "site/digits"), deep, { recursive: true });
    await withPage("a b/c", drawn);
  });

  it("says what is wrong where the model is damaged or another", async () => {
    const broken = join(folder, "site/broken");
    cpSync(join(folder, "site/digits"), broken, { recursive: true });
    cpSync(join(folder, "site/mixture/model.onnx"), join(broken, "model.onnx"));
    const page = await browser.context.newPage();
    await page.goto(`${server.address}broken/`);
    await page.waitForSelector("#state.problem");
    expect(await page.locator("#state").textContent()).toContain("The generator cannot be shown");
    await page.close();
  });

  it("is small, and an export again replaces its own files and no others", async () => {
    const files = readdirSync(join(folder, "site/digits"), { recursive: true, encoding: "utf8" }).sort();
    expect(files).toEqual(expect.arrayContaining(["index.html", "generator.json", "licenses.txt", "model.onnx"]));
    const bytes = files.map((name) => statSync(join(folder, "site/digits", name)).size);
    expect(Math.max(...bytes)).toBeLessThan(30e6);
    expect(existsSync(join(folder, "site/digits/assets"))).toBe(true);
  });
});
