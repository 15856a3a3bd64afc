/** `gantry train-classifier` as a person meets it, in this process: the engine's compiled binding lies in the real cache. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { kebab } from "../../src/cli/flags.ts";
import { shell } from "../../src/cli/shell.ts";
import { trainClassifier } from "../../src/cli/train-classifier.ts";
import { openClassifier } from "../../src/metrics/features/classifier.ts";
import { readClassifier } from "../../src/models/index.ts";
import { engineSummary, Tensor } from "../../src/tensor/index.ts";
import { imageFile } from "../data/files.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { jsonLines } from "./spawn.ts";

const folder = temporaryFolder();
const tiny = ["--size", "8", "--width", "2", "--threads", "1"];
const small = [...tiny, "--epochs", "6"];
const before = process.env.GANTRY_CACHE;

/** Runs the command; `seen` gets everything that is written to stdout as it comes. */
async function gantry(args: readonly string[], seen: (text: string) => void = () => {}) {
  let [stdout, stderr] = ["", ""];
  const out = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    stdout += text;
    seen(String(text));
    return true;
  });
  const err = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += text;
    return true;
  });
  try {
    const code = await shell(["train-classifier", ...args]);
    return { code, stdout, stderr };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

/** Writes split/class/number.png: `count` images of 9 x 8 pixels a class, all of the class's gray level give or take. */
async function makeFolder(name: string, splits: Record<string, Record<string, number>>, count: number) {
  for (const [split, classes] of Object.entries(splits)) {
    for (const [className, level] of Object.entries(classes)) {
      const place = join(folder, name, split, className);
      mkdirSync(place, { recursive: true });
      for (let i = 0; i < count; i++) {
        const g = level + ((i * 7) % 40);
        writeFileSync(join(place, `${i}.png`), await imageFile("png", 9, 8, { r: g, g, b: g }));
      }
    }
  }
  return join(folder, name);
}

let shades: string;

beforeAll(async () => {
  engineSummary();
  process.env.GANTRY_CACHE = join(folder, "cache");
  const both = { dark: 10, light: 200 };
  shades = await makeFolder("shades", { train: both, test: both }, 40);
});

afterAll(() => {
  if (before === undefined) delete process.env.GANTRY_CACHE;
  else process.env.GANTRY_CACHE = before;
});

describe("gantry train-classifier", () => {
  it("turns a folder of one's own into a classifier that a score can use", async () => {
    const out = join(folder, "made", "shades.safetensors");
    const { code, stdout, stderr } = await gantry([shades, ...small, "--flip", "--seed", "3", "--out", out, "--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    const events = jsonLines(stdout);
    const start = events.find(({ event }) => event === "start");
    expect(start).toMatchObject({ name: "shades", train: { count: 80 }, test: { count: 80 } });
    expect(events.filter(({ event }) => event === "epoch").map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(events.at(-1)).toMatchObject({ event: "end", file: out, correct: 80, count: 80, accuracy: 1 });
    const { info } = readClassifier(out, "cpu");
    expect(info).toMatchObject({
      name: "shades",
      classes: ["dark", "light"],
      network: { channels: 3, size: 8, width: 2, blocks: 1 },
      test: { correct: 80, count: 80 },
      training: { epochs: 6, batchSize: 8, lr: 0.00625, seed: 3, flip: true, shift: 4, width: 2 },
    });
    expect(info.paddedFrom).toBeUndefined();
    expect(info.data.train).toMatch(/^80 image files from shades \(train\); made 8x8 by `crop`/);
    const opened = openClassifier(out, { device: "cpu" });
    const grays = Uint8Array.from([20, 240].flatMap((level) => new Array(64).fill(level)));
    const { logits } = opened.forward(Tensor.fromArray(grays, [2, 1, 8, 8]));
    expect(opened.name).toBe("shades-classifier");
    expect(Array.from(logits.argmax(1).toArray(), Number)).toEqual([0, 1]);
  });

  it("writes the same bytes for the same seed", async () => {
    const outs = ["a", "b", "c"].map((name) => join(folder, `${name}.safetensors`));
    for (const [i, out] of outs.entries()) {
      const args = [shades, ...small, "--seed", i === 2 ? "9" : "8", "--out", out, "--quiet"];
      expect(await gantry(args)).toMatchObject({ code: 0, stdout: `${out}\n` });
    }
    const [a, b, c] = outs.map((out) => readFileSync(out));
    expect(a!.equals(b!)).toBe(true);
    expect(a!.equals(c!)).toBe(false);
  });

  it("prints its progress and the result as text", async () => {
    const out = join(folder, "told.safetensors");
    const { code, stdout } = await gantry([
      shades,
      ...small,
      "--name",
      "gray.shades",
      "--test-split",
      "test",
      "--out",
      out,
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^gray\.shades-classifier: 80 training and 80 test images of 2 classes$/m);
    expect(stdout).toMatch(/^Epoch 6: loss \d\.\d{3}, training accuracy \d+\.\d\d %$/m);
    expect(stdout).toMatch(
      /^Test accuracy \d+\.\d\d % \(\d+ of 80\) after \d+\.\d s\.\n {2}classifier {2}.*told\.safetensors$/m,
    );
  });

  it("writes nothing when it is interrupted, and says so by its exit code", async () => {
    const out = join(folder, "interrupted", "x.safetensors");
    let asked = false;
    const { code, stdout } = await gantry([shades, ...tiny, "--epochs", "5000", "--out", out, "--json"], (text) => {
      if (asked || !text.includes('"tick"')) return;
      asked = true;
      process.emit("SIGINT");
    });
    expect(code).toBe(130);
    const events = jsonLines(stdout).map(({ event }) => event);
    expect(events).toContain("stopping");
    expect(events.at(-1)).toBe("stopped");
    expect(existsSync(join(folder, "interrupted"))).toBe(false);
  });

  it("has every flag in its page", () => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/scores/classifiers.md"), "utf8");
    for (const [flag, { type }] of Object.entries(trainClassifier.args as Record<string, { type: string }>)) {
      if (type !== "positional") expect(page).toMatch(new RegExp(`\`--${kebab(flag)}\\b`));
    }
  });

  it.each<[string, () => Promise<string[]>, number, RegExp]>([
    [
      "a folder without a test split",
      async () => [await makeFolder("only-train", { train: { a: 1, b: 90 } }, 1)],
      1,
      /there is no split `test`|`split` \(=test\) .*; a classifier needs sub-folders train and test, each with a sub-folder/,
    ],
    [
      "a folder without splits",
      async () => [join(await makeFolder("plain", { x: { a: 1, b: 90 } }, 1), "x")],
      1,
      /; a classifier needs sub-folders train and test/,
    ],
    [
      "one class only",
      async () => [await makeFolder("lonely", { train: { a: 1 }, test: { a: 1 } }, 2)],
      1,
      /has only one class, a; a classifier needs images of two classes or more$/,
    ],
    [
      "splits of other classes",
      async () => [await makeFolder("uneven", { train: { a: 1, b: 90 }, test: { a: 1, c: 90 } }, 1)],
      1,
      /^gantry: uneven \(train\) has the class b and uneven \(test\) has not/,
    ],
    [
      "a name that is none",
      async () => ["fashion-mnst"],
      1,
      /neither a file or folder nor a dataset's name.*fashion-mnist/,
    ],
    ["a name that no score could carry", async () => [shades, "--name", "a b"], 2, /--name \(=a b\) must be letters/],
    [
      "a file that exists",
      async () => {
        const out = join(folder, "exists.safetensors");
        writeFileSync(out, "");
        return [shades, "--out", out];
      },
      1,
      /exists\.safetensors exists, and a classifier is never overwritten/,
    ],
    [
      "a file of another ending",
      async () => [shades, "--out", "x.pt"],
      2,
      /--out \(=x\.pt\) must end in \.safetensors/,
    ],
    ["an absurd width", async () => [shades, "--width", "257"], 2, /--width \(=257\) must be at most 256/],
    ["images too small for the network", async () => [shades, "--size", "7"], 2, /--size \(=7\) must be .*at least 8/],
    ["two channels", async () => [shades, "--channels", "2"], 1, /channels.*must be 1 \(gray\)/],
    ["no epochs", async () => [shades, "--epochs", "0"], 2, /--epochs \(=0\) must be a whole number of at least 1/],
  ])("refuses %s in one sentence, and writes nothing", async (_, make, exit, message) => {
    const args = await make();
    const out = args.includes("--out") ? [] : ["--out", join(folder, "refused.safetensors")];
    const { code, stderr } = await gantry([...args, "--threads", "1", ...out, "--quiet"]);
    expect(stderr.trimEnd()).toMatch(message);
    expect(stderr.trimEnd()).not.toContain("\n");
    expect(code).toBe(exit);
    expect(readdirSync(folder)).not.toContain("refused.safetensors");
  });
});
