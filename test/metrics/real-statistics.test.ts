import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mnist } from "../../src/data/index.ts";
import { collect } from "../../src/metrics/collect.ts";
import {
  BYTES,
  datasetImages,
  evaluate,
  type FeatureNetwork,
  type Features,
  fid,
  openFeatures,
} from "../../src/metrics/index.ts";
import { realStatistics } from "../../src/metrics/real-statistics.ts";
import { scope, Tensor } from "../../src/tensor/index.ts";

const cacheBefore = process.env.GANTRY_CACHE;
const cache = mkdtempSync(join(tmpdir(), "gantry-test-"));
let network: FeatureNetwork;

beforeAll(async () => {
  network = await openFeatures("mnist-classifier", { device: "cpu" });
});

afterAll(() => {
  if (cacheBefore === undefined) delete process.env.GANTRY_CACHE;
  else process.env.GANTRY_CACHE = cacheBefore;
  rmSync(cache, { recursive: true });
  network.dispose();
});

describe("the shipped statistics of MNIST's training images", () => {
  it("are taken without a pass over the images, and give the FID of the test images that docs/scores/protocols.md has", async () => {
    const [train, test] = [await mnist().build({}), await mnist({ split: "test" }).build({})];
    process.env.GANTRY_CACHE = cache;
    const passes: string[] = [];
    const [score] = await evaluate({
      network,
      metrics: [fid().build()],
      fake: { images: datasetImages(test), drawing: null, quantiser: BYTES },
      real: datasetImages(train),
      seed: 0,
      onProgress: ({ name }) => passes.push(name),
    });
    expect(score!.protocol.real).toMatchObject({ name: "mnist (train)", count: 60_000 });
    expect(new Set(passes)).toEqual(new Set(["mnist (test)"]));
    expect(existsSync(join(cache, "real-statistics"))).toBe(false);
    expect(score!.value).toBeCloseTo(0.0079, 4);
  });

  it("agree with moments of the first images within the error of so few", async () => {
    const [train, first] = [await mnist().build({}), await mnist({ first: 3_000 }).build({})];
    process.env.GANTRY_CACHE = cache;
    const { sample } = await realStatistics(network, datasetImages(train), new Set(["moments"]));
    const few = await collect(network, datasetImages(first), new Set(["moments"]));
    expect(sample.count).toBe(60_000);
    scope(() => {
      const variances = sample.moments!.covariance.diagonal();
      const standardError = variances.div(3_000).sqrt();
      const errors = few.moments!.mean.sub(sample.moments!.mean).div(standardError).abs();
      expect(errors.amax().item()).toBeLessThan(5);
      expect(few.moments!.covariance.diagonal().div(variances).sub(1).abs().amax().item()).toBeLessThan(0.5);
    });
  });

  it("are taken where a metric needs features as well, so that FID has the same bits", async () => {
    const train = datasetImages(await mnist().build({}));
    process.env.GANTRY_CACHE = mkdtempSync(join(cache, "features-"));
    const alone = await realStatistics(network, train, new Set(["moments"]));
    const { name, hash, resizer, dimensions, classes } = network;
    const zeros = (): Features => ({
      features: Tensor.zeros([64, dimensions]),
      logits: Tensor.zeros([64, classes.length]),
    });
    const blank = { name, hash, resizer, dimensions, classes, forward: zeros } as unknown as FeatureNetwork;
    const both = await realStatistics(blank, train, new Set(["moments", "features"]));
    expect(both.sample.features!.shape).toEqual([60_000, dimensions]);
    expect(both.sample.moments!.covariance.equal(alone.sample.moments!.covariance)).toBe(true);
  });

  it("are not taken for other images", async () => {
    const part = datasetImages(await mnist({ first: 100 }).build({}));
    process.env.GANTRY_CACHE = cache;
    const { sample } = await realStatistics(network, part, new Set(["moments"]));
    expect(sample.count).toBe(100);
    expect(existsSync(join(cache, "real-statistics"))).toBe(true);
  });
});
