import { describe, expect, it } from "vitest";
import { PooledConv2d, UpsampledConv2d } from "../../src/nn/resampled-conv.ts";
import { grad, type MemoryFormat, type Tensor } from "../../src/tensor/index.ts";
import { contextOf, expectClose, fill, flat, noise } from "./oracle.ts";

const context = contextOf();
const window = { padding: 1 };
/** A small map of 512 positions takes the wide kernel, one of fewer the plain order. */
const sizes = [
  [2, 32, 32, "wide kernel"],
  [2, 33, 47, "wide kernel, odd sizes"],
  [2, 6, 5, "plain order"],
] as const;

const layers = {
  doubled: {
    make: () => fill(new UpsampledConv2d(context, 3, 2)),
    plain: (x: Tensor, weight: Tensor, bias: Tensor) => x.upsampleNearest2d(2).conv2d(weight, bias, window),
  },
  halved: {
    make: () => fill(new PooledConv2d(context, 3, 2)),
    plain: (x: Tensor, weight: Tensor, bias: Tensor) => x.conv2d(weight, bias, window).avgPool2d(2, 2, 0),
  },
};

/** Output, first gradients, and those of what these gradients add up to. */
function seen(output: Tensor, inputs: readonly Tensor[]): Tensor[] {
  const first = grad(output.square().mul(noise(output.shape, 4)).sum(), inputs, { createGraph: true });
  const total = first.reduce(
    (sum, gradient, i) => sum.add(gradient.mul(noise(gradient.shape, 5 + i)).sum()),
    first[0]!.sum(),
  );
  return [output, ...first, ...grad(total, inputs)];
}

for (const [name, { make, plain }] of Object.entries(layers)) {
  for (const format of ["contiguous", "channelsLast"] as MemoryFormat[]) {
    for (const [batch, height, width, form] of sizes) {
      describe(`${name}, ${form}, ${format}`, () => {
        const layer = make().to({ memoryFormat: format });
        const [weight, bias] = [layer.parameters()[0]!, layer.parameters()[1]!];
        const maps = () => noise([batch, 3, height, width], 2).contiguous(format).requiresGrad_();

        it("gives values and gradients of both orders of the layers one after the other", () => {
          const x = maps();
          const one = seen(layer.forward(x), [x, weight, bias]);
          const other = seen(plain(x, weight, bias), [x, weight, bias]);
          for (const [i, tensor] of one.entries()) {
            expect(tensor.shape).toEqual(other[i]!.shape);
            expectClose(flat(tensor), flat(other[i]!));
          }
        });
      });
    }
  }
}
