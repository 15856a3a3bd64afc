import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { inferenceMode, liveTensors, Tensor } from "../../src/tensor/index.ts";
import { openForSampling, sampleRun } from "../../src/training/index.ts";
import { importRun } from "../../src/training/trainer/imported-run.ts";
import { expectClose, fixture, flat, noise } from "../nn/oracle.ts";
import { temporaryFolder } from "./tiny.ts";

interface Stored {
  latent: number;
  labels: number[] | null;
  every: number;
  values: number[];
}
const stored = fixture<Record<string, Stored>>("imported/images");
const file = (name: string): string => fileURLToPath(new URL(`../fixtures/imported/${name}.pth`, import.meta.url));

it.each(["sngan-32", "cgan-pd-32", "biggan-128"])(
  "a run of %s draws the images of the original network",
  async (name) => {
    const out = join(temporaryFolder(), "run");
    const before = liveTensors();
    const { directory, parameters } = importRun(file(name), out);
    expect(liveTensors()).toBe(before);
    expect(parameters).toBeGreaterThan(1_000);
    const { gan, step } = await openForSampling(directory);
    expect(step).toBe(0);
    const { latent, labels, every, values } = stored[name]!;
    const y = labels === null ? undefined : Tensor.fromArray(BigInt64Array.from(labels, BigInt));
    const images = inferenceMode(() => gan.generator.eval().forward(noise([3, latent], 70, "float32"), y));
    expectClose(
      flat(images).filter((_, i) => i % every === 0),
      values,
      { atol: 3e-5, rtol: 0 },
    );
    gan.dispose();
    const drawn = await sampleRun(directory, { count: 2, seed: 1, ...(labels === null ? {} : { classIndex: 2 }) });
    expect(drawn.shape[0]).toBe(2);
  },
);

it("is refused with the file's name where nothing fits, and never written over a run", () => {
  const out = join(temporaryFolder(), "run");
  expect(() => importRun(file("netD"), out)).toThrow(/netD\.pth: this is a discriminator of torch_mimicry/);
  expect(() => importRun(file("sngan-32"), out, ["generator=dcgan"])).toThrow("the generator is the file's (resnet)");
  importRun(file("sngan-32"), out, ["data.first=100"]);
  const files = readdirSync(out);
  expect(() => importRun(file("sngan-32"), out)).toThrow("exists and is not an empty folder");
  expect(readdirSync(out)).toEqual(files);
});
