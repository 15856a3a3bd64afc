/** Latent search against closed forms, and projection against images that the generator made of known latents. */
import { describe, expect, it } from "vitest";
import { mlp } from "../../src/models/index.ts";
import { weightAveraging } from "../../src/techniques/index.ts";
import { Generator, inferenceMode, liveTensors, scope, Tensor } from "../../src/tensor/index.ts";
import { projectImages, searchLatents } from "../../src/training/index.ts";
import { LatentSearch } from "../../src/training/sampling/latent-search.ts";
import { stageSteps } from "../../src/training/sampling/projection.ts";
import { drawSamples } from "../../src/training/sampling/sample.ts";
import { Brightness, gan, imagesOf } from "./brightness.ts";
import { ganOf } from "./tiny.ts";

describe("latent search", () => {
  it("finds images that the generator can make, and leaves a distance for others", () => {
    scope(() => {
      const images = imagesOf([3, 3, 3, 3], [0, 0, 0, 8]);
      const { total, pixels, features } = searchLatents(gan, images, { steps: 400, lr: 0.1, featureWeight: 0 });
      expect(total[0]).toBeCloseTo(0, 0);
      // The brightness nearest to 0, 0, 0, 8 in the sum of distances is their median, 0: 8 are left; features 2 * 8 / 4.
      expect(pixels[1]).toBeCloseTo(8, 0);
      expect(features[1]).toBeCloseTo(4, 0);
    });
  });

  it("weighs pixels and features by lambda", () => {
    scope(() => {
      const images = imagesOf([0, 0, 0, 8]);
      const some = searchLatents(gan, images, { steps: 20, featureWeight: 0.25 });
      expect(some.total[0]).toBeCloseTo(0.75 * some.pixels[0]! + 0.25 * some.features[0]!, 4);
      // Features alone want the mean brightness, 2, at which 2 * 3 + 6 = 12 of the pixels are left.
      const { pixels, features } = searchLatents(gan, images, { steps: 400, featureWeight: 1 });
      expect(features[0]).toBeCloseTo(0, 0);
      expect(pixels[0]).toBeCloseTo(12, 0);
    });
  });

  it("searches each image for itself, leaves the networks as they were, and no tensors", () => {
    const images = imagesOf([1, 1, 1, 1], [0, 0, 0, 8], [-2, 4, 1, 0]);
    const before = liveTensors();
    const together = searchLatents(gan, images, { steps: 30 });
    expect(liveTensors()).toBe(before);
    const first = images.narrow(0, 0, 2);
    const apart = searchLatents(gan, first, { steps: 30 });
    expect(apart.total).toEqual(together.total.slice(0, 2));
    expect(searchLatents(gan, images, { steps: 30, seed: 1 }).total).not.toEqual(together.total);
    expect(gan.generator.training && gan.discriminator.training).toBe(true);
    for (const tensor of [images, first]) tensor.dispose();
  });

  it("takes the networks as they evaluate: without dropout", () => {
    scope(() => {
      const images = imagesOf([1, 1, 1, 1], [0, 0, 0, 8], [-2, 4, 1, 0]);
      const search = (discriminator: Brightness) => searchLatents({ ...gan, discriminator }, images, { steps: 5 });
      expect(search(new Brightness({ dropout: 0.5 }))).toEqual(search(new Brightness()));
    });
  });
});

it("a search by features needs a discriminator", () => {
  scope(() => {
    const { discriminator: _, ...alone } = gan;
    const images = imagesOf([1, 1, 1, 1]);
    expect(() => new LatentSearch(alone, images)).toThrow("featureWeight (=0.1): there is no discriminator");
    expect(searchLatents(alone, images, { featureWeight: 0, steps: 300 }).pixels[0]).toBeCloseTo(0, 0);
  });
});

it("stages are closer together at the beginning", () => {
  expect(stageSteps(490, 8)).toEqual([0, 10, 40, 90, 160, 250, 360, 490]);
  expect(stageSteps(1, 8)).toEqual([0, 1]);
});

describe("projection", () => {
  const conditional = {
    generator: mlp.generator({ latent: 4, hidden: [32], conditional: true }),
    discriminator: mlp.discriminator({ hidden: [8], conditional: true }),
    techniques: [weightAveraging({ decay: 0.5 })],
  };

  it.each([true, false])(
    "finds the latents of images that the generator made, averaged weights: %s",
    async (averaged) => {
      const trained = ganOf(conditional);
      // The averages differ from the weights.
      scope(() => {
        for (const parameter of trained.generator.parameters()) parameter.detach().mul_(averaged ? 0.5 : 1.5);
      });
      const latents = Tensor.randn([2, 4], { generator: new Generator(77) });
      const labels = Tensor.fromArray(BigInt64Array.from([1n, 1n]));
      const random = new Generator(0);
      const images = drawSamples(trained, { count: 2, random, averaged, inputs: { latents, labels } }).clone();
      const before = liveTensors();
      const found = await projectImages(trained, images, { steps: 400, averaged, classIndex: 1, featureWeight: 0.1 });
      expect(liveTensors()).toBe(before);
      const [first, last] = [found.stages[0]!, found.stages.at(-1)!];
      for (const i of [0, 1]) {
        // 256 values; at first they differ by a tenth or more each.
        expect(first.distances.total[i]).toBeGreaterThan(5);
        expect(last.distances.total[i]).toBeLessThan(0.5);
        const { pixels, features, total } = last.distances;
        expect(total[i]).toBeCloseTo(0.9 * pixels[i]! + 0.1 * features[i]!, 3);
      }
      // With the other weights these latents make other images.
      const other = scope(() => {
        const inputs = { latents: Tensor.fromArray(found.latents, [2, 4]), labels };
        return drawSamples(trained, { count: 2, random, averaged: !averaged, inputs }).sub(images).abs().sum().item();
      });
      expect(other).toBeGreaterThan(5);
      const wrong = await projectImages(trained, images, { steps: 400, averaged, classIndex: 0, featureWeight: 0 });
      expect(wrong.stages.at(-1)!.distances.total[0]).toBeGreaterThan(10 * last.distances.total[0]!);
    },
  );

  it("is of each image for itself, and follows from the seed", async () => {
    const trained = ganOf();
    const images = inferenceMode(() => Tensor.randn([3, 1, 16, 16], { generator: new Generator(5) })).clone();
    const together = await projectImages(trained, images, { steps: 5 });
    const alone = await projectImages(trained, images.narrow(0, 2, 1), { steps: 5 });
    expect([...alone.latents].map((value) => value.toFixed(4))).toEqual(
      [...together.latents.subarray(8)].map((value) => value.toFixed(4)),
    );
    expect((await projectImages(trained, images, { steps: 5 })).latents).toEqual(together.latents);
    expect((await projectImages(trained, images, { steps: 5, seed: 1 })).latents).not.toEqual(together.latents);
  });

  it("refuses a class that does not fit, and ends when it is stopped", async () => {
    const images = Tensor.zeros([1, 1, 16, 16]);
    await expect(projectImages(ganOf(conditional), images)).rejects.toThrow("say which the images are of");
    await expect(projectImages(ganOf(), images, { classIndex: 1 })).rejects.toThrow("was trained without classes");
    const stop = new AbortController();
    const searching = projectImages(ganOf(), images, { stop: stop.signal, onProgress: () => stop.abort("enough") });
    await expect(searching).rejects.toBe("enough");
  });
});
