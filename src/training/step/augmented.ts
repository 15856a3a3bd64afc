/**
 * A batch of D's update after the augmentation, and the derivative of the augmentation: what penalties on the images before it
 * need. With J the derivative of the augmented images with respect to those before, the chain rule is
 *
 *     dD/dx = J^T dD/dy        y(x + d) = y(x) + J d + O(d^2), and exactly y(x) + J d where the augmentation is affine
 */
import { grad, Tensor } from "../../tensor/index.ts";

export class Augmented {
  /** As D sees them, without a graph. They are the batch itself where nothing augments it. */
  readonly images: Tensor;
  readonly #way: { readonly from: Tensor; readonly to: Tensor } | undefined;

  /** @param traced - Whether {@link back} and {@link along} will be called. */
  constructor(raw: Tensor, augment: (images: Tensor) => Tensor, traced: boolean) {
    if (!traced) {
      this.images = augment(raw);
      return;
    }
    const from = raw.detach().requiresGrad_(true);
    const to = augment(from);
    this.#way = { from, to };
    this.images = to === from ? raw : to.detach();
  }

  /** J^T g for g [B, ...] at the augmented images, as a function of g. */
  back(gradient: Tensor): Tensor {
    const { from, to } = this.#traced();
    if (to === from) return gradient;
    return grad([to], [from], { gradOutputs: [gradient], createGraph: true })[0]!;
  }

  /** J d for d [B, ...] at the images before the augmentation. */
  along(change: Tensor): Tensor {
    const { from, to } = this.#traced();
    if (to === from) return change;
    // J^T g is linear in g, whatever g is. The derivative of that map is J.
    const any = Tensor.zerosLike(to.detach()).requiresGrad_(true);
    const back = grad([to], [from], { gradOutputs: [any], createGraph: true })[0]!;
    return grad([back], [any], { gradOutputs: [change], retainGraph: true })[0]!.detach();
  }

  #traced(): { readonly from: Tensor; readonly to: Tensor } {
    if (this.#way === undefined) throw new Error("the augmentation of this batch was not traced");
    return this.#way;
  }
}
