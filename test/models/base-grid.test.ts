/** Which sizes networks of doublings can make: the rule, the nearest sizes, and networks at sizes that are no power of two. */
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { type ImageSize, sidesOf, sizeText } from "../../src/base/image-size.ts";
import { baseGrid, nearestSizes, requireBaseGrid } from "../../src/models/base-grid.ts";
import {
  biggan,
  bigganDeep,
  dcgan,
  type ModelContext,
  requireMakeable,
  resnet,
  sagan,
} from "../../src/models/index.ts";
import { Generator, noGrad, scope } from "../../src/tensor/index.ts";
import { noise } from "../nn/oracle.ts";

const shape = (height: number, width: number): ImageSize => ({ height, width });

describe("the base grid", () => {
  it.each<[ImageSize, [height: number, width: number, doublings: number]]>([
    [16, [4, 4, 2]],
    [28, [7, 7, 2]],
    [32, [4, 4, 3]],
    [48, [6, 6, 3]],
    [64, [4, 4, 4]],
    [96, [6, 6, 4]],
    [100 + 4, [13, 13, 3]],
    [128, [4, 4, 5]],
    [224, [7, 7, 5]],
    [256, [4, 4, 6]],
    [512, [4, 4, 7]],
    [1024, [8, 8, 7]],
    [shape(64, 48), [4, 3, 4]],
    [shape(48, 64), [3, 4, 4]],
    [shape(96, 32), [6, 2, 4]],
    [shape(128, 72), [16, 9, 3]],
    [shape(256, 64), [4, 1, 6]],
  ])("of %j", (size, [height, width, doublings]) => {
    expect(baseGrid(size)).toEqual({ height, width, doublings });
  });

  it("of a square of a power of two is 4 x 4, as in the papers, up to 512", () => {
    for (let n = 2; n <= 7; n++) expect(baseGrid(4 * 2 ** n)).toEqual({ height: 4, width: 4, doublings: n });
  });

  it("times 2^n is the size, and no size is its own nearest", () => {
    for (let height = 8; height <= 160; height += 1) {
      for (const width of [height, 16, 24, 100]) {
        const size = height === width ? height : shape(height, width);
        const grid = baseGrid(size);
        if (grid !== undefined) {
          expect([grid.height * 2 ** grid.doublings, grid.width * 2 ** grid.doublings]).toEqual([height, width]);
          continue;
        }
        const near = nearestSizes(size);
        expect(near.length).toBeGreaterThan(0);
        for (const one of near) expect(baseGrid(one), sizeText(one)).toBeDefined();
      }
    }
  });

  it("is refused with the nearest sizes that have one", () => {
    const message = (size: ImageSize): string => {
      try {
        requireBaseGrid(size, "dcgan.generator");
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        return (error as Error).message;
      }
      return "";
    };
    expect(message(30)).toBe(
      "dcgan.generator: it cannot make images of 30 x 30: a size is a base grid, its longer side from 4 to 16, that is doubled " +
        "2 to 7 times; the nearest sizes that fit are 28 x 28 and 32 x 32",
    );
    expect(message(100)).toContain("are 96 x 96 and 104 x 104");
    expect(message(8)).toMatch(/are 16 x 16$/);
    expect(message(shape(64, 50))).toMatch(
      /cannot make images of 64 x 50 \(height x width\).* 64 x 48 \(height x width\)/,
    );
  });

  it("is asked for before anything is built, of the networks that need one", () => {
    expect(() => requireMakeable({ role: "discriminator", kind: "biggan" }, 30)).toThrow(
      "biggan.discriminator: it cannot make images of 30 x 30",
    );
    expect(() => requireMakeable({ role: "generator", kind: "mlp" }, 30)).not.toThrow();
    expect(() => requireMakeable({ role: "generator", kind: "resnet" }, shape(64, 48))).not.toThrow();
  });
});

describe("networks of every size that has a base grid", () => {
  const kinds = { dcgan, resnet, sagan, biggan, bigganDeep };
  const sizes: readonly ImageSize[] = [28, 40, 56, shape(64, 48), shape(32, 80), shape(64, 16)];

  it.each(Object.keys(kinds) as (keyof typeof kinds)[])("%s makes and rates them", (kind) => {
    for (const size of sizes) {
      scope(() => {
        const { height, width } = sidesOf(size);
        const image = { channels: 2, size };
        const context: ModelContext = { rng: new Generator(5), device: "cpu", image, classes: 3 };
        const narrow = { width: 8, conditional: false };
        const generator = kinds[kind].generator(narrow).build(context);
        const discriminator = kinds[kind].discriminator(narrow).build(context);
        noGrad(() => {
          const images = generator.forward(noise([2, generator.latent], 1, "float32"));
          expect(images.shape, `${kind} ${sizeText(size)}`).toEqual([2, 2, height, width]);
          expect(discriminator.forward(images).score.shape).toEqual([2]);
        });
      });
    }
  });
});
