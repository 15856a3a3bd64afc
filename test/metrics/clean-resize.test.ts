/** clean-fid's resizing, compared with Pillow's values. */
import { describe, expect, it } from "vitest";
import { resizeAntialiased } from "../../src/metrics/features/antialiased.ts";
import { InceptionFeatures } from "../../src/metrics/features/inception.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { expectClose, fixture, flat } from "../nn/oracle.ts";
import { bits, images, stored, weights } from "./inception-oracle.ts";

const cases = fixture<{ size: [number, number]; phase: number; every: number; values: number[] }[]>("clean-resize");

describe("clean-bicubic", () => {
  it.each(cases.map((one) => [one.size.join(" x "), one] as const))("%s is Pillow's, cut to bytes' range", (_, one) => {
    const [height, width] = one.size;
    const bytes = Float32Array.from(bits(height * width, one.phase), (value) => value >>> 24);
    const image = Tensor.fromArray(bytes, [1, 1, height, width]);
    const seen = resizeAntialiased(image, 299, 299, { filter: "cubic" }).clamp(0, 255);
    // Of 255 gray levels: single precision, summed in another order.
    expectClose(
      flat(seen).filter((__, i) => i % one.every === 0),
      one.values,
      { atol: 1e-3, rtol: 0 },
    );
  });

  it("is not what the other resizers give, and the scores say which it was", () => {
    const narrow = weights(stored.narrow.width, stored.narrow);
    const [clean, plain] = (["clean-bicubic", "tf1-bilinear"] as const).map((resizer) => {
      const network = new InceptionFeatures(narrow, {
        device: "cpu",
        hash: "made up",
        width: stored.narrow.width,
        resizer,
      });
      return { words: network.resizer, features: flat(network.forward(images(1, 32, 3)).features) };
    });
    expect(clean!.words).toContain("clean-bicubic: Pillow's bicubic");
    expect(clean!.features).not.toEqual(plain!.features);
  });
});
