/**
 * MINE, the mutual information neural estimator (Belghazi et al. 2018, "Mutual Information Neural Estimation", arXiv
 * 1801.04062, algorithm 1): a network learns to tell joint pairs from independent pairs, and how well it does
 * bounds the information that x and y share.
 */
import { UserError } from "../../base/errors.ts";
import { donskerVaradhan, informationObjective, MovingDenominator } from "../../losses/index.ts";
import { nextRows, StatisticsNetwork } from "../../models/index.ts";
import { Adam } from "../../optim/index.ts";
import { Generator, grad, keep, noGrad, noGradScope, scope, Tensor } from "../../tensor/index.ts";
import { inDouble, requireWhole } from "./feature-rows.ts";

/** Options of {@link mine}. */
export interface MineOptions {
  /** Updates of the statistics network. Default 3,000. */
  readonly steps?: number;
  /** Pairs per update, at least 2. Default 512. */
  readonly batchSize?: number;
  /** Adam's learning rate. Default 1e-3. */
  readonly lr?: number;
  /** Decay of the moving average in the gradient's denominator, from 0 to below 1. Default 0.99. */
  readonly decay?: number;
  /** Widths of the statistics network's ReLU layers. Default [128, 128]. */
  readonly hidden?: readonly number[];
  /** Updates between evaluations on the held-out pairs. Default 100. */
  readonly every?: number;
  /** Seed of the split, the first weights and the batches. Default 0. */
  readonly seed?: number;
  /** Called after each of these evaluations. */
  onLook?(look: MineLook): void;
}

/** The bound in nats after some number of updates. */
export interface MineLook {
  readonly step: number;
  /** On the batch of this update. */
  readonly batch: number;
  /** On the pairs by which the update is chosen. */
  readonly heldOut: number;
}

/** The result of {@link mine}. */
export interface MineEstimate {
  /** I(x; y) in nats, from pairs that neither trained the network nor chose the update. */
  readonly estimate: number;
  /** The update whose weights gave it. */
  readonly step: number;
  /** log N of the N pairs that it was taken from: an estimate that is not well below is not reliable. */
  readonly ceiling: number;
  /**
   * (sum w)^2 / sum w^2 with w = exp T over the independent pairs of the estimate: how many of them carry its second
   * term. A few mean that the term, and with it the estimate, is an accident of the sample.
   */
  readonly effectivePairs: number;
  /** Why the estimate is not to be trusted: fewer than 100 effective pairs. Undefined where there are enough. */
  readonly warning?: string | undefined;
  readonly history: readonly MineLook[];
}

/**
 * Effective pairs below which the second term of the bound, log of their mean, is off by more than a tenth of a nat by chance
 * (the mean of n values as widely spread has a relative error of 1 / sqrt(n)).
 */
const FEW = 100;

/**
 * Ways in which held-out pairs are taken apart, each of which gives as many independent pairs as there are joint ones.
 */
const SHIFTS = 10;

/**
 * Estimates the mutual information of x and y in nats from N pairs.
 *
 * The pairs are split by chance: half train the statistics network, a quarter chooses the update at which to stop (the
 * highest bound), and the last quarter, which had no part in either, gives the estimate. The network climbs the
 * Donsker-Varadhan bound by Adam along MINE's corrected gradient. Columns are standardised first, which mutual
 * information does not notice.
 *
 * It is a lower bound up to the error of the sample. Where the truth is large the estimate stays far below it or is not
 * to be trusted: no estimator can show with confidence that x and y share more than about log N nats (McAllester and
 * Stratos 2020, "Formal Limitations on the Measurement of Mutual Information"). With heavy tails (Student's t with few
 * degrees of freedom, prices, counts) the mean of exp T rests on a few pairs, and the estimate can lie far above the truth as
 * well as far below: `warning` says so. Mutual information does not notice a monotone change of a column, so ranks, or
 * logarithms, of such columns are the better input.
 *
 * The same tensors and options give the same bits on the same engine and machine.
 *
 * @param x float [N, X] or [N].
 * @param y float [N, Y] or [N].
 * @throws UserError for fewer than 16 pairs, tensors of other shapes, numbers that are not finite, and options out of
 * range.
 *
 * @example
 * const x = Tensor.randn([20_000, 1]);
 * const y = x.mul(0.6).add(Tensor.randn([20_000, 1]).mul(0.8));
 * formulas.mine(x, y).estimate; // about -0.5 log(1 - 0.6^2) = 0.223
 */
export function mine(x: Tensor, y: Tensor, options: MineOptions = {}): MineEstimate {
  const {
    steps = 3_000,
    batchSize = 512,
    lr = 1e-3,
    decay = 0.99,
    hidden = [128, 128],
    every = 100,
    seed = 0,
  } = options;
  requireOptions({ steps, batchSize, every, lr, decay });
  return scope(() => {
    const random = new Generator(seed);
    const [train, choose, last] = splitOf(columnsOf(x, "x"), columnsOf(y, "y"), random);
    const sizes = { x: { features: train.x.shape[1]! }, y: train.y.shape[1]!, hidden, width: 1 };
    const network = new StatisticsNetwork({ rng: random, device: train.x.device }, sizes);
    const optimizer = new Adam(network.parameters(), { lr, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 });
    const denominator = new MovingDenominator(decay);
    const history: MineLook[] = [];
    const best = new Map([...network.stateDict()].map(([name, tensor]) => [name, keep(noGrad(() => tensor.clone()))]));
    let [highest, chosen] = [Number.NEGATIVE_INFINITY, 0];
    try {
      for (let step = 1; step <= steps; step++) {
        const batch = scope(() => climb(network, optimizer, denominator, drawn(train, batchSize, random)));
        if (step % every !== 0 && step !== steps) continue;
        const { bound } = boundOf(network, choose);
        if (!Number.isFinite(bound)) {
          throw new UserError(`mine: after ${step} updates the bound is ${bound}; a smaller \`lr\` (=${lr}) may help`);
        }
        history.push({ step, batch, heldOut: bound });
        options.onLook?.(history.at(-1)!);
        if (bound <= highest) continue;
        [highest, chosen] = [bound, step];
        noGrad(() => {
          for (const [name, tensor] of network.stateDict()) best.get(name)!.copy_(tensor);
        });
      }
      network.loadStateDict(best);
      const { bound, effectivePairs } = boundOf(network, last);
      const ceiling = Math.log(last.x.shape[0]!);
      return { estimate: bound, step: chosen, ceiling, effectivePairs, ...warningOf(effectivePairs), history };
    } finally {
      optimizer.dispose();
      network.dispose();
      for (const tensor of best.values()) tensor.dispose();
    }
  });
}

function warningOf(effectivePairs: number): Pick<MineEstimate, "warning"> {
  if (effectivePairs >= FEW) return {};
  const warning = `the estimate rests on ${effectivePairs.toFixed(0)} effective pairs of independent x and y (at least ${FEW} are needed): it may lie far above or below the truth; columns with heavy tails are better given as ranks`;
  return { warning };
}

/** Pairs, row by row. */
interface Pairs {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** One update; gives the bound on the batch, as it was before. */
function climb(network: StatisticsNetwork, optimizer: Adam, denominator: MovingDenominator, { x, y }: Pairs): number {
  const { joint, marginal } = network.pairs(x, y);
  const objective = informationObjective(joint, marginal, denominator.observe(marginal));
  optimizer.step(grad(objective.neg(), network.parameters()));
  return donskerVaradhan(joint, marginal);
}

/** The bound on all pairs, each x taken with its y and with those of {@link SHIFTS} other rows. */
function boundOf(network: StatisticsNetwork, { x, y }: Pairs): { bound: number; effectivePairs: number } {
  return noGradScope(() => {
    const count = x.shape[0]!;
    const joint = network.forward(x, y);
    const shifts = Array.from({ length: SHIFTS }, (_, i) => 1 + Math.floor((i * (count - 1)) / SHIFTS));
    const apart = [...new Set(shifts)].map((by) => scope(() => network.forward(x, nextRows(y, by))));
    const marginal = inDouble(Tensor.cat(apart, 0));
    const effective = Math.exp(2 * marginal.logsumexp([0]).item() - marginal.mul(2).logsumexp([0]).item());
    return { bound: donskerVaradhan(joint, marginal), effectivePairs: effective };
  });
}

/** Different rows by chance; with few pairs all of them. */
function drawn({ x, y }: Pairs, batchSize: number, random: Generator): Pairs {
  const count = x.shape[0]!;
  // With replacement where there are many: repeats are rare, and a permutation of all for each batch is not free.
  const rows =
    count >= 64 * batchSize
      ? Tensor.randint(0, count, [batchSize], { generator: random })
      : Tensor.randperm(count, { generator: random }).narrow(0, 0, Math.min(batchSize, count));
  return { x: x.indexSelect(0, rows), y: y.indexSelect(0, rows) };
}

/** Half, a quarter, a quarter, standardised by the first. */
function splitOf(x: Tensor, y: Tensor, random: Generator): [Pairs, Pairs, Pairs] {
  const count = x.shape[0]!;
  if (y.shape[0] !== count) throw new UserError(`mine: x has ${count} rows and y ${y.shape[0]}; they must be pairs`);
  if (count < 16) throw new UserError(`mine: there are ${count} pairs; at least 16 are needed, and thousands of use`);
  const order = Tensor.randperm(count, { generator: random });
  const [half, quarter] = [Math.floor(count / 2), Math.floor(count / 4)];
  const part = (start: number, length: number): Pairs => {
    const rows = order.narrow(0, start, length);
    return { x: x.indexSelect(0, rows), y: y.indexSelect(0, rows) };
  };
  const parts = [part(0, half), part(half, quarter), part(half + quarter, count - half - quarter)] as const;
  const [ofX, ofY] = [standardising(parts[0].x), standardising(parts[0].y)];
  return parts.map((pairs) => ({ x: ofX(pairs.x), y: ofY(pairs.y) })) as [Pairs, Pairs, Pairs];
}

/** Brings columns to mean 0 and standard deviation 1 over the sample; constant ones to 0. */
function standardising(sample: Tensor): (columns: Tensor) => Tensor {
  const mean = sample.mean([0], true);
  const spread = sample.std([0], { correction: 0, keepdim: true });
  const divisor = Tensor.where(spread.gt(0), spread, Tensor.onesLike(spread));
  return (columns) => columns.sub(mean).div(divisor).float();
}

function columnsOf(values: Tensor, name: string): Tensor {
  if (values.ndim !== 1 && values.ndim !== 2) {
    throw new UserError(`mine: ${name} must be [N] or [N, columns], not [${values.shape.join(", ")}]`);
  }
  const columns = inDouble(values.detach()).reshape([values.shape[0]!, -1]);
  if (!columns.isfinite().all().item()) throw new UserError(`mine: ${name} holds numbers that are not finite`);
  return columns;
}

function requireOptions({ lr, decay, batchSize, ...whole }: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(whole)) requireWhole(value, name, 1);
  requireWhole(batchSize!, "batchSize", 2);
  if (!(lr! > 0)) throw new UserError(`mine: \`lr\` (=${lr}) must be above 0`);
  if (!(decay! >= 0 && decay! < 1)) throw new UserError(`mine: \`decay\` (=${decay}) must be from 0 to below 1`);
}
