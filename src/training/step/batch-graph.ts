/**
 * The autograd graph of one update over its whole batch, computed in the micro-batches of the run's sharding.
 *
 * One micro-batch that is the whole batch is an ordinary graph: each pass is the network's, and the backward pass is
 * `grad`. With several micro-batches or workers the graph is cut at each pass ({@link MicroBatchPass}), and the
 * backward pass goes through the pieces from the last to the first. The values are those of the whole batch either way.
 */
import type { DiscriminatorOutput } from "../../models/index.ts";
import type { Player } from "../../techniques/index.ts";
import { grad, isGradEnabled, type Tensor } from "../../tensor/index.ts";
import { outputOf, tensorsOf } from "./discriminator-output.ts";
import type { BuiltGan } from "./gan.ts";
import { addTo, MicroBatchPass } from "./micro-batch-pass.ts";
import { rowsOf } from "./sharding.ts";

/** Takes a micro-batch's rows of a tensor of the whole batch. */
export type Rows = <T extends Tensor | undefined>(batch: T) => T;

/** A pass, and the images that it takes, if earlier passes made them. */
interface Piece {
  readonly pass: MicroBatchPass;
  readonly source?: Source | undefined;
}

/** What a pass of D gives. */
export interface PassValues {
  readonly outputs: readonly DiscriminatorOutput[];
  /** Gradients [B, ...] of the scores with respect to images that the pass took; default none. */
  readonly inputGradients?: readonly Tensor[];
}

interface Source {
  /** The images, with the graph of earlier passes. */
  readonly images: Tensor;
  /** The images that the pass computes with: its own graph ends here. */
  readonly leaf: Tensor;
}

export class BatchGraph {
  readonly #gan: BuiltGan;
  readonly #player: Player;
  readonly #pieces: Piece[] = [];

  /** @param player - Whose update it is. */
  constructor(gan: BuiltGan, player: Player) {
    this.#gan = gan;
    this.#player = player;
  }

  /** The images [B, ...] of the whole batch. `forward` makes those of a micro-batch. */
  images(pass: string, forward: (rows: Rows) => Tensor): Tensor {
    if (this.#gan.sharding.whole) return forward(allRows);
    return this.#run(pass, (rows) => [forward(rows)]).value(0);
  }

  /**
   * What a pass of D gives for the whole batch. `forward` gives it for a micro-batch.
   *
   * @param images - Images [B, ...] of the whole batch that this graph made, for gradients with respect to them.
   */
  outputs(
    pass: string,
    forward: (rows: Rows, images: Tensor | undefined) => PassValues,
    images?: Tensor,
  ): Required<PassValues> {
    if (this.#gan.sharding.whole) return { inputGradients: [], ...forward(allRows, images) };
    const source = images && { images, leaf: images.detach().requiresGrad_(true) };
    const counts = { outputs: 0, inputGradients: 0 };
    const computed = this.#run(
      pass,
      (rows) => {
        const { outputs, inputGradients = [] } = forward(rows, source?.leaf);
        counts.outputs = outputs.length;
        counts.inputGradients = inputGradients.length;
        return [...outputs.flatMap(tensorsOf), ...inputGradients];
      },
      source,
    );
    const first = computed.count - counts.inputGradients;
    const count = first / counts.outputs;
    return {
      outputs: Array.from({ length: counts.outputs }, (_, at) =>
        outputOf(count, (i) => computed.value(at * count + i)),
      ),
      inputGradients: Array.from({ length: counts.inputGradients }, (_, i) => computed.value(first + i)),
    };
  }

  #run(name: string, forward: (rows: Rows) => readonly Tensor[], source?: Source): MicroBatchPass {
    const { sharding, recipe } = this.#gan;
    const pass = new MicroBatchPass({
      sharding,
      device: recipe.device,
      seed: this.#gan.seedOfPass(name),
      forward: (microBatch) => forward((batch) => batch && (rowsOf(batch, microBatch) as typeof batch)),
    });
    if (isGradEnabled()) this.#pieces.push({ pass, source });
    return pass;
  }

  /**
   * Gradients of a number that depends on this graph's values with respect to parameters; null for one that it does not
   * depend on.
   *
   * @param retainGraph - Whether more gradients will be computed.
   */
  gradients(total: Tensor, parameters: readonly Tensor[], retainGraph = false): (Tensor | null)[] {
    const scaler = this.#gan.precision.scalers?.[this.#player];
    if (scaler === undefined) return this.#gradients(total, parameters, retainGraph);
    const gradients = this.#gradients(scaler.scaled(total), parameters, retainGraph);
    return gradients.map((gradient) => gradient && scaler.unscaled(gradient));
  }

  #gradients(total: Tensor, parameters: readonly Tensor[], retainGraph: boolean): (Tensor | null)[] {
    const { sharding } = this.#gan;
    if (sharding.whole) return grad(total, parameters, { allowUnused: true, retainGraph });

    const leaves = this.#pieces.flatMap(({ pass }) => pass.leaves);
    const found = grad(total, [...leaves, ...parameters], { allowUnused: true, retainGraph: true });
    const ofLeaf = new Map(leaves.map((leaf, i) => [leaf, found[i] ?? null]));
    const ofMicroBatches: (Tensor | null)[] = parameters.map(() => null);
    for (const [at, { pass, source }] of [...this.#pieces.entries()].reverse()) {
      const inputs = source === undefined ? parameters : [...parameters, source.leaf];
      const gradients = pass.gradients((leaf) => ofLeaf.get(leaf) ?? null, inputs);
      addTo(ofMicroBatches, gradients.slice(0, parameters.length));
      if (source === undefined) continue;
      const ofImages = sharding.sum(gradients.slice(parameters.length), [source.leaf]);
      const earlier = this.#pieces.slice(0, at).flatMap((piece) => piece.pass.leaves);
      const through = grad(source.images, earlier, { gradOutputs: ofImages, allowUnused: true, retainGraph: true });
      for (const [i, leaf] of earlier.entries()) {
        const [before, more] = [ofLeaf.get(leaf) ?? null, through[i] ?? null];
        ofLeaf.set(leaf, before === null ? more : more === null ? before : more.add(before));
      }
    }
    return sharding.total(ofMicroBatches, found.slice(leaves.length), parameters);
  }
}

const allRows: Rows = (batch) => batch;
