/**
 * A network's pass over a batch that is computed in micro-batches. Gradient accumulation with gradient checkpointing:
 *
 * 1. The values of each micro-batch are computed without an autograd graph, and gathered: a value is that of the whole
 * batch.
 * 2. In the backward pass each micro-batch is computed again, with a graph, and its gradients are added up.
 *
 * So memory holds the graph of one micro-batch. A process with only one micro-batch keeps its graph and computes it
 * once.
 */
import { frozenStatistics } from "../../nn/index.ts";
import {
  getRngState,
  grad,
  isGradEnabled,
  manualSeed,
  noGrad,
  scope,
  setRngState,
  type Tensor,
} from "../../tensor/index.ts";
import { type MicroBatch, rowsOf, type Sharding } from "./sharding.ts";

/** What a pass needs. */
export interface MicroBatchPassOptions {
  readonly sharding: Sharding;
  /** The network's values for the rows of one micro-batch. */
  readonly forward: (microBatch: MicroBatch) => readonly Tensor[];
  /**
   * Seed of the layers' own draws (dropout): the same whenever a micro-batch is computed, and different for each. The
   * draws after the pass follow from that of "whole", so that they are the same in every process.
   */
  readonly seed: (microBatch: MicroBatch | "whole") => number;
  readonly device: string;
}

/** The pass, after its values are known. */
export class MicroBatchPass {
  readonly #options: MicroBatchPassOptions;
  readonly #values: readonly (readonly Tensor[])[];
  readonly #leaves = new Map<number, Tensor>();
  readonly #recorded = isGradEnabled();

  /** Computes the values. Only the first micro-batch updates the statistics of layers. */
  constructor(options: MicroBatchPassOptions) {
    this.#options = options;
    const { own } = options.sharding;
    const compute = (microBatch: MicroBatch, i: number): readonly Tensor[] =>
      i === 0 ? this.#forward(microBatch) : frozenStatistics(() => this.#forward(microBatch));
    this.#values =
      own.length === 1
        ? own.map(compute)
        : noGrad(() => own.map((microBatch, i) => scope(() => compute(microBatch, i).map((value) => value.detach()))));
    manualSeed(options.seed("whole"), options.device);
  }

  #forward(microBatch: MicroBatch): readonly Tensor[] {
    manualSeed(this.#options.seed(microBatch), this.#options.device);
    return this.#options.forward(microBatch);
  }

  /** Number of values. */
  get count(): number {
    return this.#values[0]!.length;
  }

  /**
   * A value of the whole batch, gathered at the first call. It is a leaf of the graph, unless the pass ran in `noGrad`.
   */
  value(i: number): Tensor {
    let leaf = this.#leaves.get(i);
    if (leaf === undefined) {
      leaf = this.#options.sharding.gather(this.#values.map((values) => values[i]!.detach()));
      if (this.#recorded) leaf.requiresGrad_(true);
      this.#leaves.set(i, leaf);
    }
    return leaf;
  }

  /** The values that were read. */
  get leaves(): Tensor[] {
    return [...this.#leaves.values()];
  }

  /**
   * Gradients with respect to `inputs`, from those with respect to the {@link leaves}: the sum over this process's
   * micro-batches, null for an input that none depends on. The device's random draws continue afterwards where they
   * were.
   */
  gradients(ofLeaf: (leaf: Tensor) => Tensor | null, inputs: readonly Tensor[]): (Tensor | null)[] {
    const { sharding, device } = this.#options;
    const draws = getRngState(device);
    const sums: (Tensor | null)[] = inputs.map(() => null);
    try {
      for (const i of sharding.own.keys())
        addTo(
          sums,
          scope(() => this.#microBatchGradients(i, ofLeaf, inputs)),
        );
      return sums;
    } finally {
      setRngState(draws, device);
    }
  }

  #microBatchGradients(
    at: number,
    ofLeaf: (leaf: Tensor) => Tensor | null,
    inputs: readonly Tensor[],
  ): (Tensor | null)[] {
    const { own } = this.#options.sharding;
    const microBatch = own[at]!;
    const values = own.length === 1 ? this.#values[0]! : frozenStatistics(() => this.#forward(microBatch));
    const outputs: Tensor[] = [];
    const gradOutputs: Tensor[] = [];
    for (const [i, leaf] of this.#leaves) {
      const gradient = ofLeaf(leaf);
      if (gradient === null || !values[i]!.requiresGrad) continue;
      outputs.push(values[i]!);
      gradOutputs.push(rowsOf(gradient, microBatch));
    }
    if (outputs.length === 0) return inputs.map(() => null);
    // A graph that is kept can be differentiated again.
    return grad(outputs, inputs, { gradOutputs, allowUnused: true, retainGraph: own.length === 1 });
  }
}

/** Adds gradients to sums in place; a null counts as zeros. The gradients are consumed. */
export function addTo(sums: (Tensor | null)[], gradients: readonly (Tensor | null)[]): void {
  for (const [i, gradient] of gradients.entries()) {
    if (gradient === null) continue;
    const sum = sums[i] ?? null;
    if (sum === null) {
      sums[i] = gradient;
    } else {
      sum.add_(gradient);
      gradient.dispose();
    }
  }
}
