/** Sequential: layers in a row. */
import type { Tensor } from "../tensor/index.ts";
import { UnaryModule } from "./module.ts";

/**
 * Applies its modules one after the other. They are named "0", "1", ... in the state dict, as in PyTorch.
 *
 * @example
 * new Sequential(new Linear(context, 2, 256), new ReLU(), new Linear(context, 256, 1)).forward(points);
 */
export class Sequential extends UnaryModule {
  readonly layers: readonly UnaryModule[];

  constructor(...layers: UnaryModule[]) {
    super();
    this.layers = layers;
    for (const [i, layer] of layers.entries()) this.registerModule(String(i), layer);
  }

  /** @param seen - Gets the output of each layer, for a network that returns its hidden activations. */
  override forward(x: Tensor, seen?: (layer: UnaryModule, output: Tensor) => void): Tensor {
    let value = x;
    for (const layer of this.layers) {
      value = layer.forward(value);
      seen?.(layer, value);
    }
    return value;
  }
}
