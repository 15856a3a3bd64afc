/** Metrics that look at pixels: what they see, without a feature network and together with features. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineMetric, evaluate, type FeatureNetwork, type ImageSet } from "../../src/metrics/index.ts";
import { fid } from "../../src/metrics/scores/index.ts";
import { Tensor } from "../../src/tensor/index.ts";

/** Images [count, channels, 2, 2]; every pixel of image i is `value(i)`. */
const plain = (name: string, count: number, channels: number, value: (i: number) => number): ImageSet => ({
  name,
  count,
  channels,
  height: 2,
  width: 2,
  *batches(size) {
    for (let begin = 0; begin < count; begin += size) {
      const length = Math.min(size, count - begin);
      const bytes = Uint8Array.from({ length: length * channels * 4 }, (_, at) =>
        value(begin + Math.floor(at / (channels * 4))),
      );
      yield Tensor.fromArray(bytes).view([length, channels, 2, 2]);
    }
  },
});

const brightness = defineMetric("testBrightness", z.strictObject({}), {
  description: "difference of mean brightness",
  needs: { fake: ["images"], real: ["images"] },
  scores: { brightness: "lower", channels: "higher", type: "higher" },
  compute({ fake, real }) {
    const mean = (images: Tensor): number => images.double().mean().item();
    return {
      brightness: Math.abs(mean(fake.images) - mean(real.images)),
      channels: fake.images.shape[1]! * real.images.shape[1]!,
      type: fake.images.dtype === "uint8" ? 1 : 0,
    };
  },
});

const bytes = { drawing: null, quantiser: "bytes as given" } as const;

/** A network whose only feature is an image's first pixel. */
const network: FeatureNetwork = {
  name: "first-pixel",
  hash: "0",
  resizer: "none",
  dimensions: 1,
  classes: ["one"],
  forward(images) {
    const features = images.narrow(1, 0, 1).reshape([images.shape[0]!, 4]).narrow(1, 0, 1).float();
    return { features, logits: features };
  },
  dispose: () => {},
};

describe("a metric that looks at pixels", () => {
  it("needs no feature network, has a plain name, and a protocol that says so", async () => {
    // 0 to 199 have the mean 99.5, which one batch of 64 has not; the real ones 7.
    const fake = { images: plain("fakes", 200, 3, (i) => i), ...bytes };
    const real = plain("reals", 70, 1, () => 7);
    const scores = await evaluate({ metrics: [brightness().build()], fake, real, seed: 3 });
    expect(scores.map(({ name, value }) => [name, value])).toEqual([
      ["brightness", 92.5],
      // Gray is repeated to three channels on the other side.
      ["channels", 9],
      ["type", 1],
    ]);
    expect(scores[0]!.protocol).toMatchObject({ features: "none: pixels", resizer: "none", fakeCount: 200 });
    expect(scores[0]!.protocol.real).toMatchObject({ name: "reals", count: 70 });
  });

  it("sees the images in the order of the features", async () => {
    const aligned = defineMetric("testAligned", z.strictObject({}), {
      description: "images and features that belong together",
      needs: { fake: ["images", "features"] },
      scores: { aligned: "higher", sorted: "lower" },
      compute({ fake }) {
        const first = fake.images.reshape([fake.count, 4]).narrow(1, 0, 1).float();
        const steps = first.narrow(0, 1, fake.count - 1).sub(first.narrow(0, 0, fake.count - 1));
        return { aligned: first.eq(fake.features).double().mean().item(), sorted: steps.gt(0).double().mean().item() };
      },
    });
    const fake = { images: plain("fakes", 100, 1, (i) => i), ...bytes };
    const scores = await evaluate({
      network,
      metrics: [aligned().build(), fid().build()],
      fake,
      real: fake.images,
      seed: 1,
    });
    expect(scores.map(({ name }) => name)).toEqual(["aligned@first-pixel", "sorted@first-pixel", "fid@first-pixel"]);
    expect(scores[0]!.value).toBe(1);
    // Shuffled: about half of the steps go up.
    expect(scores[1]!.value).toBeLessThan(0.8);
  });

  it("is refused where the images do not fit into memory, before one is looked at", async () => {
    const never: ImageSet = { ...plain("many", 50_000, 3, () => 0), height: 256, width: 256, batches: () => [] };
    const fake = { images: never, ...bytes };
    await expect(evaluate({ metrics: [brightness().build()], fake, real: never, seed: 0 })).rejects.toThrow(
      "`testBrightness` looks at all images at once, and these would take 19.7 GB of memory (at most 4.3): score fewer",
    );
  });

  it("is no reason to leave out a network that another metric needs", async () => {
    const fake = { images: plain("fakes", 9, 1, (i) => i), ...bytes };
    await expect(evaluate({ metrics: [fid().build()], fake, real: fake.images, seed: 0 })).rejects.toThrow(
      "`fid` is computed of features: give a feature network",
    );
  });
});

describe("the announcement of an evaluation", () => {
  it("counts samples, real images and features, and lets nothing be scored before it", async () => {
    const fake = { images: plain("fakes", 130, 1, (i) => i), ...bytes };
    const real = plain("reals", 65, 1, (i) => 2 * i);
    const order: string[] = [];
    await evaluate({
      network,
      metrics: [fid().build()],
      fake,
      real,
      seed: 0,
      announce: (cost) => {
        order.push("announced");
        expect(cost).toMatchObject({ samples: 130, features: { name: "first-pixel", dimensions: 1 } });
        // Kept from an earlier test run, or still to be computed.
        expect([0, 65]).toContain(cost.real);
        expect(cost.seconds).toBeGreaterThan(0);
      },
      onProgress: () => order.push("progress"),
    });
    expect(order[0]).toBe("announced");
    expect(order).toContain("progress");
  });
});
