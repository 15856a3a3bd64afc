/** Generators that other projects have trained: recognised by the names and shapes of their tensors. */
import { UserError } from "../../base/errors.ts";
import { readSafetensors, readStateDict } from "../../formats/index.ts";
import { noGradScope } from "../../tensor/index.ts";
import { bigganPytorch } from "./biggan-pytorch.ts";
import type { ImportedGenerator, State } from "./layout.ts";
import { mimicry } from "./mimicry.ts";

export type { ImportedGenerator } from "./layout.ts";

const LAYOUTS = [mimicry, bigganPytorch];
/** Where the checkpoints of these projects hold the weights, next to the optimizer's state. */
const ENTRIES = ["model_state_dict", "state_dict"];

/**
 * Recognises a generator's state dict: torch_mimicry's residual generators and BigGAN-PyTorch's BigGAN.
 *
 * The returned tensors belong to the caller.
 *
 * @throws UserError when no layout fits, or what is missing where one fits almost.
 *
 * @example
 * const { generator, image, classes, state } = recogniseGenerator(readStateDict("G_ema.pth"));
 * generator.build({ ...context, image, classes }).loadStateDict(state);
 */
export function recogniseGenerator(state: State): ImportedGenerator {
  const layout = LAYOUTS.find(({ matches }) => matches(state));
  if (layout !== undefined) return noGradScope(() => layout.read(state));
  const [first = "none"] = state.keys();
  throw new UserError(
    `its tensors (${first}, ... ${state.size} in all) are in no layout that is known: ${LAYOUTS.map(({ name }) => name).join(", ")}`,
  );
}

/** Reads the tensors of a `.safetensors` file, or those of the state dict in a `.pth` file. */
export function readWeights(path: string): State {
  if (path.endsWith(".safetensors")) return readSafetensors(path).tensors;
  for (const entry of ENTRIES) {
    try {
      return readStateDict(path, { entry });
    } catch (error) {
      if (!(error instanceof UserError) || !error.message.includes("it has no entry")) throw error;
    }
  }
  return readStateDict(path);
}
