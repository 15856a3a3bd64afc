/**
 * Standing statistics (Brock et al. 2019, "Large Scale GAN Training for High Fidelity Natural Image Synthesis",
 * appendix C.1): the running statistics of a network's batch norms, collected over many batches with the weights as
 * they are.
 */
import { UserError } from "../base/errors.ts";
import { keep, noGrad, noGradScope, scope, Tensor } from "../tensor/index.ts";
import { BatchNorm } from "./batch-norm.ts";
import type { Module } from "./module.ts";
import { withPassMode } from "./pass-mode.ts";
import { VirtualBatchNorm } from "./virtual-batch-norm.ts";

/**
 * Statistics of batch norms in tensors of their own. The running statistics do not change. After `collect`,
 * with m_i and v_i the mean and the unbiased variance of batch i of N,
 *
 *     running_mean = (m_1 + ... + m_N) / N      running_var = (v_1 + ... + v_N) / N
 *
 * which is PyTorch's cumulative average (`momentum=None`). All other layers are in evaluation mode
 * meanwhile, as when the network is used: nothing is dropped, and spectral norm's vectors do not change.
 *
 * @throws UserError for a network without batch norm that keeps running statistics.
 *
 * @example
 * const standing = new StandingStatistics(generator);
 * standing.collect(100, () => generator.forward(Tensor.randn([64, 128])).dispose());
 * const images = standing.use(() => generator.eval().forward(z));
 */
export class StandingStatistics {
  readonly #network: Module;
  readonly #norms: readonly BatchNorm[];
  readonly #buffers: ReadonlyMap<string, Tensor>;

  constructor(network: Module) {
    const modules = [...network.namedModules()];
    const kept = network.namedBuffers();
    const found = modules.flatMap(([path, module]) =>
      module instanceof BatchNorm && kept.has(`${path}.running_mean`) ? [[path, module] as const] : [],
    );
    if (found.length === 0) {
      const reason = modules.some(([, module]) => module instanceof VirtualBatchNorm)
        ? "virtual batch norm, which keeps no running statistics"
        : "no batch norm that keeps running statistics";
      throw new UserError(`\`standingStatistics\`: the network has ${reason}`);
    }
    this.#network = network;
    this.#norms = found.map(([, norm]) => norm);
    this.#buffers = new Map(
      found.flatMap(([path, norm]) =>
        [...norm.namedBuffers()].map(([name, buffer]) => {
          const own = noGradScope(() => keep(Tensor.zerosLike(buffer)));
          return [`${path}.${name}`, own] as const;
        }),
      ),
    );
  }

  /** Forgets what was collected, then calls `pass` `batches` times. `pass` sends a batch through the network. */
  collect(batches: number, pass: () => void): void {
    const modes = this.#network.modules().map((module) => [module, module.training] as const);
    const momenta = this.#norms.map(({ momentum }) => momentum);
    this.#network.eval();
    for (const norm of this.#norms) {
      norm.train();
      norm.momentum = null;
    }
    try {
      this.use(() =>
        noGrad(() => {
          for (const norm of this.#norms) norm.resetRunningStats();
          for (let i = 0; i < batches; i++) withPassMode({ updateStatistics: true }, () => scope(pass));
        }),
      );
    } finally {
      for (const [i, norm] of this.#norms.entries()) norm.momentum = momenta[i]!;
      // Parents come first, and each sets the mode of all modules below it.
      for (const [module, training] of modes) module.train(training);
    }
  }

  /** Runs `body` with the collected statistics in place of the running ones; nothing is copied. */
  use<T>(body: () => T): T {
    return this.#network.substitute(this.#buffers, body);
  }

  /** Frees the statistics. */
  dispose(): void {
    for (const tensor of this.#buffers.values()) tensor.dispose();
  }
}
