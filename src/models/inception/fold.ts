/** Batch normalisation with fixed statistics, folded into the convolution before it. */
import { UserError } from "../../base/errors.ts";
import { noGradScope, type Tensor } from "../../tensor/index.ts";
import { EPSILON } from "./layer.ts";

/**
 * The state dict of a folded {@link InceptionV3} from that of one with batch normalisation: for every `x.bn`,
 *
 * s = bn.weight / sqrt(bn.running_var + 0.001), `x.conv.weight` := s conv.weight, `x.conv.bias` := bn.bias - s
 * bn.running_mean
 *
 * computed in float64 and rounded once. The results in evaluation mode are the same up to rounding, and each layer
 * reads its maps once less. Tensors without batch normalisation are taken as they are, not copied.
 *
 * @throws UserError when a batch normalisation lacks a tensor.
 *
 * @example
 * const network = new InceptionV3(context, { folded: true }).eval();
 * network.loadStateDict(foldBatchNorms(published));
 */
export function foldBatchNorms(state: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const tensor = (name: string): Tensor => {
    const found = state.get(name);
    if (found === undefined) throw new UserError(`state dict: it lacks ${name}`);
    return found;
  };
  const folded = new Map<string, Tensor>();
  for (const [name, value] of state) {
    if (name.includes(".bn.")) continue;
    const layer = /^(.*)\.conv\.weight$/.exec(name)?.[1];
    if (layer === undefined) {
      folded.set(name, value);
      continue;
    }
    const norm = (part: string): Tensor => tensor(`${layer}.bn.${part}`).double();
    const { weight, bias } = noGradScope(() => {
      const gain = norm("weight").div(norm("running_var").add(EPSILON).sqrt());
      const moved = norm("bias").sub(gain.mul(norm("running_mean")));
      return {
        weight: value
          .double()
          .mul(gain.view([-1, 1, 1, 1]))
          .float(),
        bias: moved.float(),
      };
    });
    folded.set(name, weight);
    folded.set(`${layer}.conv.bias`, bias);
  }
  return folded;
}
