/**
 * The digits' classifier on stacked MNIST: each of the three channels is a digit of its own, and the class of an image
 * is all three. So the 1,000 modes are counted as by Metz et al. 2017 (section 3.3.1), Srivastava et al. 2017 and Lin
 * et al. 2018, who also took a classifier trained on MNIST.
 */
import { UserError } from "../../base/errors.ts";
import { stackedClasses } from "../../data/index.ts";
import { type Device, noGradScope, type Tensor } from "../../tensor/index.ts";
import { openClassifier } from "./classifier.ts";
import type { FeatureNetwork, Features } from "./feature-network.ts";

/** Its name for `--features` and recipes. */
export const stackedClassifierName = "stacked-mnist-classifier";

/**
 * The shipped `mnist-classifier` over the channels of colour images, as a feature network: 192 features, those of red,
 * green and blue in turn, and 1,000 logits, log p(red) + log p(green) + log p(blue) in the order of
 * {@link stackedClasses}. Their largest is that of the three digits that are each the likeliest.
 *
 * @throws UserError when the classifier's file is damaged, and for images that are not of three channels.
 *
 * @example
 * const network = openStackedClassifier({ device: "cpu" });
 * const { logits } = network.forward(bytes); // uint8 [N, 3, 32, 32] -> [N, 1000]
 */
export function openStackedClassifier({ device }: { readonly device: Device }): FeatureNetwork {
  const digits = openClassifier("mnist-classifier", { device });
  return {
    name: stackedClassifierName,
    hash: digits.hash,
    resizer: `each of the three channels by itself; ${digits.resizer}`,
    dimensions: 3 * digits.dimensions,
    classes: stackedClasses,
    forward(images: Tensor): Features {
      const [count = 0, channels, height = 0, width = 0] = images.shape;
      if (images.ndim !== 4 || channels !== 3) {
        const shape = images.shape.join(", ");
        throw new UserError(
          `${stackedClassifierName}: images are [${shape}]; they must be [N, 3, H, W], a digit a channel`,
        );
      }
      return noGradScope(() => {
        const { features, logits } = digits.forward(images.reshape([3 * count, 1, height, width]));
        const each = logits.logSoftmax(1).view([count, 3, 10]);
        const [red, green, blue] = [0, 1, 2].map((channel) => each.select(1, channel).contiguous()) as [
          Tensor,
          Tensor,
          Tensor,
        ];
        const sums = red
          .view([count, 10, 1, 1])
          .add(green.view([count, 1, 10, 1]))
          .add(blue.view([count, 1, 1, 10]));
        return { features: features.view([count, 3 * digits.dimensions]), logits: sums.view([count, 1000]) };
      });
    },
    dispose: () => digits.dispose(),
  };
}
