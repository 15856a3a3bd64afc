/** Inception's weights from a TorchScript file of the structure of NVIDIA's, whose own forward pass is the oracle. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { InceptionFeatures } from "../../src/metrics/features/inception.ts";
import { importInception } from "../../src/metrics/features/inception-file.ts";
import { isTorchScript, readInceptionScript } from "../../src/metrics/features/inception-script.ts";
import { loadScript, noGrad, type Tensor } from "../../src/tensor/index.ts";
import { temporaryFolder } from "../formats/folder.ts";
import { expectClose } from "../nn/oracle.ts";
import { images } from "./inception-oracle.ts";

const folder = join(import.meta.dirname, "../fixtures/torchscript");
const file = join(folder, "inception.pt");

describe("the TorchScript file of Inception", () => {
  it("gives the features and logits that its own program gives", () => {
    expect(isTorchScript(file)).toBe(true);
    const network = new InceptionFeatures(readInceptionScript(file), {
      device: "cpu",
      hash: "made up",
      width: 1 / 32,
      resizer: "torch-bilinear",
    });
    const bytes = images(2, 299, 1);
    const { features, logits } = network.forward(bytes);
    const [theirFeatures, theirLogits] = noGrad(() => loadScript(file).forward(bytes.float().div(127.5).sub(1))) as [
      Tensor,
      Tensor,
    ];
    expect(features.shape).toEqual([2, 64]);
    expectClose(features, theirFeatures, { rtol: 1e-4, atol: 1e-4 });
    expectClose(logits, theirLogits, { rtol: 1e-4, atol: 1e-4 });
    network.dispose();
  });

  it("is taken with --any-hash alone, and only if it is the network", async () => {
    const target = join(temporaryFolder(), "weights.safetensors");
    await expect(importInception(file, { target })).rejects.toThrow("give --any-hash to use them all the same");
    // A thirty-second of the channels is another network.
    await expect(importInception(file, { target, anyHash: true })).rejects.toThrow("no weights of Inception v3");
    const other = join(folder, "affine.pt");
    await expect(importInception(other, { target, anyHash: true })).rejects.toThrow(
      "the layer `layers.conv` has 0 tensors",
    );
    expect(isTorchScript(join(import.meta.dirname, "inception.test.ts"))).toBe(false);
  });
});
