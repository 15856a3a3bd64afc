/**
 * A network's pass over a divided batch. Its values are computed part by part, without an autograd graph unless there is one
 * part only; whatever is decided is then decided on the values of the whole batch; and the gradients come back part by part,
 * each computed a second time, with a graph. So memory holds the graph of one part, and a technique that looks at the
 * whole batch (top-k, feature matching) sees it whole.
 */
import { getRngState, grad, manualSeed, noGrad, scope, setRngState, type Tensor } from "../../tensor/index.ts";
import { type MicroBatch, rowsOf, type Sharding } from "./sharding.ts";

/** What a pass is made of. */
export interface MicroBatchPassOptions {
  readonly sharding: Sharding;
  /** Values of one part, a list of tensors of its rows; `first` for the pass that may move what layers carry along. */
  readonly forward: (part: MicroBatch, first: boolean) => readonly Tensor[];
  /** What the layers' own draws (dropout) follow from: the same in both computations of a part, another for each part. */
  readonly seed: (part: MicroBatch | "whole") => number;
  readonly device: string;
}

/** The pass, after its values are known. */
export class MicroBatchPass {
  readonly #options: MicroBatchPassOptions;
  readonly #parts: readonly (readonly Tensor[])[];
  readonly #leaves = new Map<number, Tensor>();

  constructor(options: MicroBatchPassOptions) {
    this.#options = options;
    const { sharding } = options;
    const run = (part: MicroBatch, i: number): readonly Tensor[] => this.#run(part, i === 0);
    this.#parts =
      sharding.own.length === 1
        ? sharding.own.map(run)
        : noGrad(() => sharding.own.map((part, i) => scope(() => run(part, i))));
    manualSeed(options.seed("whole"), options.device);
  }

  #run(part: MicroBatch, first: boolean): readonly Tensor[] {
    manualSeed(this.#options.seed(part), this.#options.device);
    return this.#options.forward(part, first);
  }

  /** How many values there are. */
  get count(): number {
    return this.#parts[0]!.length;
  }

  /** One of the values, of the whole batch: a tensor whose gradient {@link gradients} takes. Gathered when it is asked for. */
  value(i: number): Tensor {
    let leaf = this.#leaves.get(i);
    if (leaf === undefined) {
      leaf = this.#options.sharding.gather(this.#parts.map((values) => values[i]!.detach())).requiresGrad_(true);
      this.#leaves.set(i, leaf);
    }
    return leaf;
  }

  /** The values that were asked for. */
  get leaves(): Tensor[] {
    return [...this.#leaves.values()];
  }

  /**
   * Gradients with respect to tensors that the pass depends on, from those with respect to {@link leaves}: the sum over
   * this process's parts, null where it depends on none of them. The device's draws go on where they stood.
   */
  gradients(ofLeaves: readonly (Tensor | null)[], inputs: readonly Tensor[]): (Tensor | null)[] {
    const { device } = this.#options;
    const draws = getRngState(device);
    try {
      return this.#gradients(ofLeaves, inputs);
    } finally {
      setRngState(draws, device);
    }
  }

  #gradients(ofLeaves: readonly (Tensor | null)[], inputs: readonly Tensor[]): (Tensor | null)[] {
    const wanted = [...this.#leaves.keys()].map((i, at) => ({ i, gradient: ofLeaves[at] ?? null }));
    const { own } = this.#options.sharding;
    const sums: (Tensor | null)[] = inputs.map(() => null);
    for (const [at, part] of own.entries()) {
      const found = scope(() => {
        const values = own.length === 1 ? this.#parts[0]! : this.#run(part, false);
        const outputs: Tensor[] = [];
        const gradOutputs: Tensor[] = [];
        for (const { i, gradient } of wanted) {
          if (gradient === null || !values[i]!.requiresGrad) continue;
          outputs.push(values[i]!);
          gradOutputs.push(rowsOf(gradient, own[at]!));
        }
        if (outputs.length === 0) return inputs.map(() => null);
        // What is recorded may be asked again.
        return grad(outputs, inputs, { gradOutputs, allowUnused: true, retainGraph: own.length === 1 });
      });
      for (const [j, gradient] of found.entries()) {
        if (gradient === null) continue;
        const sum = sums[j];
        if (sum === null || sum === undefined) sums[j] = gradient;
        else {
          sum.add_(gradient);
          gradient.dispose();
        }
      }
    }
    return sums;
  }
}
