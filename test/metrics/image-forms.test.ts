/** Scores of images with alpha, that are not square, and of other channels: what the feature network sees and what is said. */
import { describe, expect, it, onTestFinished } from "vitest";
import { dataFromArrays } from "../../src/data/index.ts";
import { asSeen } from "../../src/metrics/images/image-set.ts";
import { BYTES, datasetImages, evaluate, type ImageSet, openFeatures, type Score } from "../../src/metrics/index.ts";
import { inceptionScore, slicedWasserstein } from "../../src/metrics/scores/index.ts";
import { Tensor } from "../../src/tensor/index.ts";

const COUNT = 12;
const bytes = (channels: number, height: number, width: number): Uint8Array =>
  Uint8Array.from({ length: COUNT * channels * height * width }, (_, i) => (i * 97 + ((i * i) % 89)) % 256);

async function setOf(images: Uint8Array, channels: number, height: number, width: number): Promise<ImageSet> {
  return datasetImages(await dataFromArrays({ images, shape: [COUNT, channels, height, width] }).build({}));
}

async function scored(fake: ImageSet, real: ImageSet): Promise<Score[]> {
  const network = await openFeatures("cifar10-classifier", { device: "cpu" });
  onTestFinished(() => network.dispose());
  const metrics = [slicedWasserstein({ directions: 8 }).build(), inceptionScore({ splits: 1 }).build()];
  return evaluate({ network, metrics, fake: { images: fake, drawing: null, quantiser: BYTES }, real, seed: 0 });
}

describe("alpha", () => {
  it("is laid over white: round(alpha c + (1 - alpha) 255)", () => {
    const pixels = bytes(4, 4, 4);
    const seen = asSeen(Tensor.fromArray(pixels, [COUNT, 4, 4, 4]));
    expect([seen.dtype, seen.shape]).toEqual(["uint8", [COUNT, 3, 4, 4]]);
    for (const [i, value] of (seen.toArray() as Uint8Array).entries()) {
      const [image, place] = [Math.floor(i / 48), i % 48];
      const alpha = pixels[image * 64 + 48 + (place % 16)]! / 255;
      const exact = alpha * pixels[image * 64 + place]! + (1 - alpha) * 255;
      expect(Math.abs(value - exact)).toBeLessThanOrEqual(0.5 + 1e-4);
    }
  });

  it("that is opaque gives the scores of the colours, under a protocol that says so", async () => {
    const colours = bytes(3, 32, 32);
    const opaque = new Uint8Array(COUNT * 4 * 1024).fill(255);
    for (let i = 0; i < COUNT; i++) opaque.set(colours.subarray(i * 3072, (i + 1) * 3072), i * 4096);
    const other = await setOf(bytes(3, 32, 32).reverse(), 3, 32, 32);
    const [plain, covered] = [
      await scored(await setOf(colours, 3, 32, 32), other),
      await scored(await setOf(opaque, 4, 32, 32), other),
    ];
    expect(covered.map(({ value }) => value)).toEqual(plain.map(({ value }) => value));
    expect(covered[0]!.protocol.resizer).toBe(`alpha laid over white; ${plain[0]!.protocol.resizer}`);
  });
});

describe("images that are not square", () => {
  it("are scored, and the protocol says that their aspect is not kept", async () => {
    const fake = await setOf(bytes(3, 32, 48), 3, 32, 48);
    const [distance] = await scored(fake, await setOf(bytes(3, 32, 48), 3, 32, 48));
    expect(distance!.value).toBe(0);
    expect(distance!.protocol.resizer).toMatch(
      /^32x48 \(height x width\): the aspect is not kept where the size changes; .*any other size stretched to 32x32/,
    );
  });

  it("are not compared with turned ones", async () => {
    const fake = await setOf(bytes(3, 32, 48), 3, 32, 48);
    await expect(scored(fake, await setOf(bytes(3, 48, 32), 3, 48, 32))).rejects.toThrow(
      /are 32 x 48 \(height x width\) and those of arrays 48 x 32 \(height x width\); a score needs both at one size/,
    );
  });
});

it("images of other channels are refused before any is looked at", async () => {
  const five = await setOf(bytes(5, 16, 16), 5, 16, 16);
  await expect(scored(five, five)).rejects.toThrow(
    "the images of arrays have 5 channels; feature networks see those of 1 (gray), 3 (colour) or 4 (colour and alpha, laid over white)",
  );
});
