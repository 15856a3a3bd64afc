/**
 * The page in a real Chromium, next to a run that is being trained: what a person sees and does, from the first curve to
 * the stop.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { serveStudio } from "../../src/studio/index.ts";
import { sampleRun } from "../../src/training/index.ts";
import { entry } from "../cli/spawn.ts";
import { ask, flood, post } from "./ask.ts";
import { axeFindings, type Browser, complaintsOf, executable, overflowOf, startBrowser } from "./browser.ts";
import { event, recipe, temporaryFolder, tick, writeRun } from "./run-folder.ts";

/** A GAN so small that a step takes milliseconds, and more steps than the tests wait for. */
const settings = [
  ...["data.first=256", "data.size=16", "generator.width=4", "generator.latent=8", "discriminator.width=4"],
  ...["batchSize=16", "log.every=5", "samples.every=20", "samples.count=16", "checkpoint.every=40", "evaluate=null"],
  ...[
    "techniques.topK.gamma=0.8",
    "techniques.topK.everySteps=20",
    "techniques.topK.floor=0.5",
    "steps=1000000",
    "threads=1",
  ],
].flatMap((setting) => ["--set", setting]);

const folder = mkdtempSync(join(tmpdir(), "gantry-page-"));
const run = join(folder, "run");

/** The lines of the run's log. */
const log = (): Record<string, unknown>[] =>
  readFileSync(join(run, "metrics.jsonl"), "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe.skipIf(executable === undefined)("the page of a run that is trained (needs `chromium` on PATH)", () => {
  let browser: Browser;
  let page: Page;
  let address: string;
  let training: ChildProcess;
  let ended: Promise<number | null>;
  let complaints: string[];

  beforeAll(async () => {
    const args = [entry, "train", "mnist", "--studio", "--json", "--out", run, ...settings];
    training = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, NO_COLOR: "1" },
    });
    ended = new Promise((resolve) => training.on("close", resolve));
    address = await new Promise<string>((found, failed) => {
      createInterface({ input: training.stdout! }).on("line", (line) => {
        const said = JSON.parse(line) as { event: string; address?: string };
        if (said.event === "studio") found(said.address!);
      });
      void ended.then((code) => failed(new Error(`training ended with ${code}`)));
    });
    browser = await startBrowser();
    page = await browser.context.newPage();
    complaints = complaintsOf(page);
    await page.goto(address);
  });

  afterAll(async () => {
    training?.kill("SIGKILL");
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The port of the studio, and the token that the page has kept. */
  const access = async () => ({
    port: Number(new URL(address).port),
    token: (await page.evaluate('localStorage.getItem("gantry-token")')) as string,
  });

  const tab = (name: string) =>
    page.getByRole("navigation", { name: "Parts of this run" }).getByRole("link", { name }).click();

  test("opens at the run, takes the token out of the address, and its curves grow", async () => {
    await page.getByRole("heading", { name: "mnist" }).waitFor();
    expect(page.url()).toMatch(/#\/run\/\.$/);
    const losses = page.getByRole("slider", { name: "Losses over step" });
    await losses.waitFor();
    const points = async () => Number(await losses.getAttribute("aria-valuemax"));
    const before = await points();
    await expect.poll(points, { timeout: 60_000 }).toBeGreaterThan(before + 2);
    // By keyboard: the first point of the chart is the first line of the log.
    await losses.focus();
    await page.keyboard.press("Home");
    const first = log().find(({ lossD }) => lossD !== undefined) as { step: number; lossD: number };
    expect(await losses.getAttribute("aria-valuetext")).toContain(
      `step ${first.step}: D ${Number(first.lossD.toPrecision(4))},`,
    );
  });

  test("has a time line of samples that can be dragged, played, seen at full size and downloaded", async () => {
    const line = page.getByRole("slider", { name: "Time line of samples" });
    await expect.poll(() => line.getAttribute("max"), { timeout: 60_000 }).not.toBe("1");
    await line.focus();
    await page.keyboard.press("Home");
    const [first, second] = readdirSync(join(run, "samples"))
      .filter((name) => name.endsWith(".png"))
      .sort();
    await page.getByRole("heading", { name: `Samples of step ${Number.parseInt(first!, 10)}`, exact: true }).waitFor();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("heading", { name: `Samples of step ${Number.parseInt(second!, 10)}`, exact: true }).waitFor();
    const grid = page.getByRole("button", { name: /see it at full size/ });
    await expect
      .poll(() => grid.locator("img").evaluate((image: { naturalWidth: number }) => image.naturalWidth))
      .toBeGreaterThan(0);
    await grid.click();
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    const waiting = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download" }).click();
    expect(readFileSync(await (await waiting).path())).toEqual(readFileSync(join(run, "samples", second!)));
    await page.getByRole("button", { name: "Newest", exact: true }).click();
  });

  test("tells what top-k keeps from what it drops", async () => {
    await tab("What top-k keeps");
    const line = page.getByRole("slider", { name: "Step of the batch" });
    await expect.poll(() => line.getAttribute("max"), { timeout: 60_000 }).not.toBe("1");
    await expect
      .poll(() => log().filter(({ event }) => event === "outputs").length, { timeout: 60_000 })
      .toBeGreaterThanOrEqual(3);
    await line.focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    const outputs = log().filter((one) => one.event === "outputs")[2] as {
      step: number;
      batch: { kept: number; size: number };
    };
    const { kept, size } = outputs.batch;
    expect(kept).toBeLessThan(size);
    await page.getByRole("heading", { name: `What topK keeps at step ${outputs.step}`, exact: true }).waitFor();
    const tiles = page.locator(".batch");
    await expect.poll(() => tiles.getByRole("img", { name: /^Kept, / }).count()).toBe(kept);
    await expect.poll(() => tiles.getByRole("img", { name: /^Dropped, / }).count()).toBe(size - kept);
  });

  test("draws samples of a checkpoint, and the way between two of them", async () => {
    await expect.poll(() => readdirSync(join(run, "checkpoints")).length, { timeout: 60_000 }).toBeGreaterThan(0);
    await tab("Latent space");
    await page.getByRole("button", { name: "Sample 36" }).waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "Sample 1", exact: true }).click();
    await page.getByRole("button", { name: "Sample 2", exact: true }).click();
    await page.getByRole("img", { name: "Image 1 of 12 on the way" }).waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "Sample 2, picked as number 2" }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
  });

  test("saves the answers of a blind test that is taken by keyboard", async () => {
    await tab("Real or fake?");
    await page.getByLabel("Images of each kind").selectOption("10");
    await page.getByRole("button", { name: "Begin" }).click();
    for (let question = 1; question <= 20; question++) {
      await page.getByText(`${question} of 20`).waitFor({ timeout: 60_000 });
      await page.keyboard.press(question % 4 === 0 ? "ArrowRight" : "ArrowLeft");
    }
    await page.getByRole("heading", { name: "Answers so far" }).waitFor();
    const rating = JSON.parse(readFileSync(join(run, "ratings.jsonl"), "utf8")) as Record<string, unknown[]>;
    expect(rating.answers!.filter((answer) => answer === true)).toHaveLength(15);
    expect(rating.truth!.filter((real) => real === true)).toHaveLength(10);
    const fooled = rating.truth!.filter((real, i) => !real && rating.answers![i]).length;
    await page.getByText(`${fooled} of 10`).first().waitFor();
  });

  test("diagnoses the run as it stands, and once more by keyboard", async () => {
    await tab("Diagnosis");
    const read = page.getByText(/The log is read up to step [\d,]+\.$/);
    await read.waitFor({ timeout: 60_000 });
    const stepOf = async () => Number((await read.textContent())!.match(/([\d,]+)\.$/)![1]!.replaceAll(",", ""));
    const before = await stepOf();
    expect(before).toBeGreaterThan(0);
    await expect.poll(() => log().at(-1)!.step, { timeout: 60_000 }).toBeGreaterThan(before);
    await page.getByRole("button", { name: "Look again" }).focus();
    await page.keyboard.press("Enter");
    await expect.poll(stepOf, { timeout: 60_000 }).toBeGreaterThan(before);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      expect(await axeFindings(page), colorScheme).toEqual([]);
    }
  });

  test("is what axe asks for in every view, light and dark, and fits windows from 360 to 2,560 pixels", async () => {
    const at = async (hash: string): Promise<void> => {
      await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
      await page.locator("main h1").waitFor();
    };
    for (const view of [
      "#/runs",
      "#/run/.",
      "#/run/./kept",
      "#/run/./latent",
      "#/run/./rating",
      "#/run/./diagnosis",
      "#/run/./settings",
      "#/compare/.",
    ]) {
      await at(view);
      for (const [width, colorScheme] of [
        [360, "light"],
        [1_400, "dark"],
        [2_560, "light"],
      ] as const) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        expect(await overflowOf(page), `${view} at ${width}`).toBeLessThanOrEqual(0);
        if (width < 2_560) expect(await axeFindings(page), `${view} at ${width}`).toEqual([]);
      }
    }
  });

  test("draws and samples from checkpoints that are gone a moment later", async () => {
    const { token, port } = await access();
    for (let i = 0; i < 5; i++) {
      const wish = { run: ".", seed: i, count: 4 };
      const { status, text } = await post(port, "/api/grid", wish, { "x-gantry-token": token });
      expect(status, text).toBe(200);
      (await sampleRun(run, { count: 2, seed: i })).dispose();
    }
    // One that is named by its step and has been removed is not there.
    const { status } = await post(
      port,
      "/api/grid",
      { run: ".", seed: 1, count: 4, checkpoint: 40 },
      { "x-gantry-token": token },
    );
    expect(status).toBe(404);
  });

  test("goes on while hostile requests are refused, and the page connects again after 1,000 of them", async () => {
    const { port } = await access();
    const before = log().at(-1)!.step as number;
    const statusOf = async (path: string, headers: Record<string, string>, body?: string) =>
      (await ask(port, path, { headers, ...(body === undefined ? {} : { method: "POST", body }) })).status;
    expect(await statusOf("/api/run?id=.", { host: "evil.example" })).toBe(421);
    expect(await statusOf("/api/stop", { origin: "http://evil.example" }, "{}")).toBe(403);
    expect(await statusOf("/../../etc/passwd", {})).toBe(404);
    expect(await statusOf("/api/stop", { "content-type": "application/json" }, "1".repeat(1 << 20))).toBe(401);
    await flood(port);
    // The page may have been among those that found no place.
    await page
      .getByRole("status")
      .filter({ hasText: /^Live$/ })
      .waitFor({ timeout: 60_000 });
    complaints.length = 0;
    await expect.poll(() => log().at(-1)!.step, { timeout: 60_000 }).toBeGreaterThan(before);
    expect(existsSync(join(run, "stop"))).toBe(false);
  });

  test("stops the training, which saves a checkpoint, and stays open", async () => {
    await page.evaluate('location.hash = "#/run/."');
    await page.getByRole("button", { name: "Stop …" }).click();
    await page.getByRole("button", { name: "Stop training" }).click();
    expect(await ended).toBe(130);
    const { event: last, step } = log().at(-1)!;
    expect(last).toBe("stop");
    expect(existsSync(join(run, "checkpoints", `step-${String(step).padStart(6, "0")}`, "state.json"))).toBe(true);
    await page.getByRole("heading", { name: "mnist Stopped" }).waitFor();
    expect(existsSync(join(run, "stop"))).toBe(false);
  });

  test("is compared with a copy: small charts, samples of equal seeds, one blind test of both", async () => {
    cpSync(run, join(folder, "copy"), { recursive: true });
    rmSync(join(folder, "copy/ratings.jsonl"));
    const built = new URL("../../dist/studio/page", import.meta.url).pathname;
    const studio = await serveStudio({ folder, page: built, port: 0 });
    onTestFinished(() => studio.close());
    await page.goto(`${studio.address}&run=run`);
    await page.getByRole("heading", { name: "mnist · run Stopped" }).waitFor();
    await page.evaluate('location.hash = "#/compare/run/copy"');
    await page.getByRole("heading", { name: "Each run by itself" }).waitFor();
    for (const name of ["run", "copy"]) {
      await page.getByRole("img", { name: new RegExp(`^Loss of D of ${name}: at the end [\\d.-]+$`) }).waitFor();
    }
    const pictures = () =>
      page
        .locator(".equal-seeds li")
        .evaluateAll((runs: { querySelector(name: string): { style: { backgroundImage: string } } | null }[]) =>
          runs.map((one) => one.querySelector(".tile")?.style.backgroundImage ?? ""),
        );
    const drawn = async (): Promise<string[]> => {
      await page.getByRole("button", { name: "Draw", exact: true }).click();
      // The first time the engine's process is started.
      await page.locator(".equal-seeds li").nth(1).locator(".tile").first().waitFor({ timeout: 150_000 });
      await page.getByRole("button", { name: "Draw", exact: true }).waitFor();
      return pictures();
    };
    // Equal weights and equal seeds: equal samples.
    const [first, second] = await drawn();
    expect(first).toMatch(/^url\("data:image\/png/);
    expect(second).toBe(first);
    await page.locator(".equal-seeds").getByLabel("Seed").fill("2");
    expect((await drawn())[0]).not.toBe(first);
    for (const [width, colorScheme] of [
      [360, "light"],
      [1_400, "dark"],
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      expect(await overflowOf(page), `at ${width}`).toBeLessThanOrEqual(0);
      expect(await axeFindings(page), `at ${width}`).toEqual([]);
    }
    await page.getByRole("link", { name: /^Real or fake\?/ }).click();
    await page.getByLabel("Images of each kind for each run").selectOption("10");
    await page.getByRole("button", { name: "Begin" }).click();
    for (let question = 1; question <= 40; question++) {
      await page.getByText(`${question} of 40`).waitFor({ timeout: 60_000 });
      await page.keyboard.press("ArrowLeft");
    }
    // Everything was called real.
    const table = page.getByRole("table", { name: /2 runs mixed/ });
    for (const name of ["run", "copy"]) {
      await table.getByRole("row", { name: new RegExp(`^${name} .*10 of 10.*10 of 10`) }).waitFor();
      const lines = readFileSync(join(folder, name, "ratings.jsonl"), "utf8").split("\n");
      const { protocol, answers } = JSON.parse(lines.at(-2)!);
      expect([protocol.runs, answers.length]).toEqual([2, 20]);
    }
    await page.setViewportSize({ width: 360, height: 900 });
    expect(await overflowOf(page)).toBeLessThanOrEqual(0);
    expect(await axeFindings(page)).toEqual([]);
  });

  test("had no error, and loaded nothing that its policy forbids", () => {
    expect(complaints).toEqual([]);
  });
});

describe.skipIf(executable === undefined)("a run with hostile texts and numbers", () => {
  test("is shown as text", async () => {
    const root = temporaryFolder();
    const script = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
    const name = "<b>bold</b>";
    const path = join(root, "<img src=x onerror=alert(3)>");
    const text = (more: object) => ({ ...recipe, ...more });
    writeRun(
      path,
      [
        event("start", 0),
        tick(10, { [script]: 1, huge: 1e308, tiny: -1e308 }),
        '{"step": 20, "lossD": NaN}\n',
        '{"step": 30, "lossD": 1e999, "lossG": null}\n',
        tick(40, { [script]: 2 }),
        event("fail", 40, { message: script }),
      ],
      {
        source: script,
        overrides: [script],
        recipe: text({ name, seed: script, loss: { role: "loss", kind: script, options: { [script]: script } } }),
        data: { name: script, count: 1e308, sample: { size: 16, channels: 1 }, classes: [script] },
      },
    );
    const built = new URL("../../dist/studio/page", import.meta.url).pathname;
    const studio = await serveStudio({ folder: root, page: built, port: 0 });
    onTestFinished(() => studio.close());
    const browser = await startBrowser();
    onTestFinished(() => browser.close());
    const page = await browser.context.newPage();
    const complaints = complaintsOf(page);
    await page.goto(studio.address);
    await page.getByRole("link", { name }).click();
    await page.getByRole("alert").filter({ hasText: script }).waitFor();
    await page.getByRole("slider", { name: `${script} over step` }).waitFor();
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("rowheader", { name: `loss.${script}` }).waitFor();
    expect(
      await page
        .locator("main b, main script, main img[src=x]")
        .evaluateAll((found: { outerHTML: string }[]) => found.map((one) => one.outerHTML)),
    ).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("is shown as text in its diagnosis", async () => {
    const root = temporaryFolder();
    const script = '<img src=x onerror="alert(1)"><script>alert(2)</script><b>bold</b>';
    writeRun(
      join(root, "a"),
      [event("start", 0), tick(10), tick(20), event("fail", 20, { message: `training has diverged ${script}` })],
      {
        recipe: { ...recipe, loss: { role: "loss", kind: script, options: {} } },
        data: { name: script, count: 9, sample: { size: 16, channels: 1 }, classes: [] },
      },
    );
    mkdirSync(join(root, "a/checkpoints/step-000020"));
    const built = new URL("../../dist/studio/page", import.meta.url).pathname;
    const studio = await serveStudio({ folder: root, page: built, port: 0 });
    onTestFinished(() => studio.close());
    const browser = await startBrowser();
    onTestFinished(() => browser.close());
    const page = await browser.context.newPage();
    const complaints = complaintsOf(page);
    await page.goto(studio.address);
    await page.getByRole("link", { name: "digits" }).click();
    await page.getByRole("link", { name: "Diagnosis" }).click();
    await page.getByRole("heading", { name: "training diverges, since step 20" }).waitFor({ timeout: 150_000 });
    await page.getByText(`The run has failed: training has diverged ${script}.`, { exact: true }).waitFor();
    expect(await page.locator("main b, main script, main img[src=x]").count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});

describe.skipIf(executable === undefined)("a comparison of runs of one sweep", () => {
  test("has the table of its cells and a small chart for each, and one of other runs has none", async () => {
    const root = temporaryFolder();
    for (const run of ["s/runs/x-seed0", "s/runs/y-seed0", "other"]) writeRun(join(root, run), [tick(10), tick(20)]);
    const score = { mean: 31.2345, halfWidth: 1.391, count: 2, best: true };
    const table = {
      axes: ["<b>axis</b>"],
      columns: [{ name: "fid" }],
      rows: [
        { cell: "x", values: { "<b>axis</b>": "4" }, planned: 3, finished: 2, scores: [score] },
        { cell: "y", values: { "<b>axis</b>": "8" }, planned: 3, finished: 0, scores: [null] },
      ],
      notes: ["1 of 3 runs has not ended"],
      runs: ["x-seed0", "y-seed0"].map((run) => ({ run, cell: run.slice(0, 1), seed: 0 })),
    };
    writeFileSync(join(root, "s/table.json"), JSON.stringify(table));
    const built = new URL("../../dist/studio/page", import.meta.url).pathname;
    const studio = await serveStudio({ folder: root, page: built, port: 0 });
    onTestFinished(() => studio.close());
    const browser = await startBrowser();
    onTestFinished(() => browser.close());
    const page = await browser.context.newPage();
    const complaints = complaintsOf(page);
    await page.goto(studio.address);
    // Their settings are the same; their folders are not.
    for (const name of ["x-seed0", "y-seed0", "other"])
      await page.getByRole("heading", { name: `digits · ${name}` }).waitFor();
    await page.evaluate('location.hash = "#/compare/s%2Fruns%2Fx-seed0/s%2Fruns%2Fy-seed0"');
    await page.getByRole("row", { name: "4 2 of 3 31.2 ± 1.4 (n = 2)" }).waitFor();
    await page.getByRole("columnheader", { name: "<b>axis</b>" }).waitFor();
    // Runs of one name have those of their folders, without what all have.
    await page.getByRole("link", { name: "x-seed0", exact: true }).waitFor();
    // The last line of the run of each cell is of step 20.
    for (const value of [4, 8]) {
      await page.getByRole("img", { name: `Loss of D of <b>axis</b> ${value}: at the end 0.05` }).waitFor();
    }
    await page.getByLabel("Number").selectOption("Loss of G");
    await page.getByRole("img", { name: "Loss of G of <b>axis</b> 8: at the end 20" }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.evaluate('location.hash = "#/compare/s%2Fruns%2Fx-seed0/other"');
    await page.getByRole("listitem").filter({ hasText: "other" }).first().waitFor();
    await page.getByRole("heading", { name: "Cells of the sweep" }).waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
  });
});
