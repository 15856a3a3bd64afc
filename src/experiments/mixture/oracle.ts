/**
 * The oracle experiment on the snapshots of a run: from each, one update of the generator on the share of a batch that
 * the discriminator rates most real (half, or the three quarters that top-k training keeps), on the rest, on as many
 * random samples as the share has, and on all; each from the same weights. Measured are the batch's own samples and
 * samples of fresh latents, which the update has not seen.
 *
 * The main measure is a plain gradient step, whose direction is the batch's alone. A step of the run's own optimizer,
 * from copies of its moments, is reported next to it: there the moments of the steps before weigh more than the batch.
 */
import { setImmediate } from "node:timers/promises";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import { seedOf } from "../../base/seed.ts";
import type { Mixture, VectorData } from "../../data/index.ts";
import { frozenStatistics } from "../../nn/index.ts";
import { fromPlainRecipe, importModules, type Recipe } from "../../recipe/index.ts";
import { foreachAdd_, Generator, grad, keep, noGrad, scope, Tensor } from "../../tensor/index.ts";
import {
  BuiltGan,
  drawLatents,
  listCheckpoints,
  loadCheckpoint,
  openDataModule,
  RunDirectory,
} from "../../training/index.ts";
import { defineExperiment } from "../experiment.ts";
import { positive, whole } from "../options.ts";
import { motions, RINGS, type RingCosine, ringCosines, type SampleMotion } from "./motions.ts";
import { figureOf, groupsOf, oracleTables } from "./oracle-page.ts";
import {
  knownOrNull,
  type Method,
  methods,
  type OracleRecord,
  oracleSchema,
  partsOf,
  QUARTERS,
} from "./oracle-record.ts";
import { setupOf, setupWords, type Update, updateOf, updates } from "./setup.ts";

const SHARE = { error: "must be numbers between 0 and 1, such as 0.5,0.75" };

/** How to measure. */
export interface OracleOptions {
  /**
   * The share of a batch that the update "top" is made of; default 0.5. With 0.75 of 256 samples "bottom" is made of
   * those of ranks 193 to 256, which top-k training with k = 192 drops.
   */
  readonly kept?: number | undefined;
  /** Batches of each snapshot; default 40. */
  readonly batches?: number | undefined;
  /** Learning rate of the plain gradient step; default 1e-3. Small enough that the cosines do not depend on it. */
  readonly lr?: number | undefined;
  /** Steps of the snapshots; default: every checkpoint of the run. */
  readonly steps?: readonly number[] | undefined;
  readonly onProgress?: ((step: number, done: number, total: number) => void) | undefined;
  readonly stop?: AbortSignal | undefined;
}

/**
 * Measures on a run of the recipe `mixture`; the run is not changed.
 *
 * @throws UserError when the run is on other data, or has no checkpoint of a step
 *
 * @example
 * const record = await measureOracle("runs/mixture-20250131-174503", { batches: 20 });
 */
export async function measureOracle(path: string, options: OracleOptions = {}): Promise<OracleRecord> {
  const { kept = 0.5, batches = 40, lr = 1e-3, stop } = options;
  const directory = new RunDirectory(path);
  const { recipe: plain, modules } = directory.description();
  await importModules(modules, `the run ${path}`);
  const recipe = fromPlainRecipe(plain);
  const { mixture } = (await recipe.data.build({})) as VectorData;
  if (mixture === undefined) throw new UserError(`${path} is no run on a mixture of Gaussians`);
  const size = recipe.batchSize;
  const parts = partsOf(size, kept);
  if (!(parts.top >= 1 && parts.bottom >= 1))
    throw new UserError(
      `kept (=${kept}) must leave samples on both sides: of a batch of ${size} it has ${parts.top} and leaves out ${parts.bottom}`,
    );
  const cosines: OracleRecord["cosines"] = [];
  const quarters: OracleRecord["quarters"] = [];
  for (const { step, path: checkpoint } of snapshots(directory, options.steps)) {
    for (const method of methods) {
      const snapshot = await Snapshot.open(recipe, mixture, checkpoint, { method, lr, parts });
      try {
        const seen = updates.map(() => [] as SampleMotion[][]);
        const unseen = updates.map(() => [] as SampleMotion[][]);
        const standing = RINGS.map(() => new Array<number>(QUARTERS).fill(0));
        const random = new Generator(seedOf(recipe.seed, `oracle.${step}`));
        const others = new Generator(seedOf(recipe.seed, `oracle.${step}.fresh`));
        for (let batch = 0; batch < batches; batch++) {
          const { motions, fresh, ranked } = scope(() => snapshot.batch(random, others));
          for (const [i, motion] of motions.entries()) seen[i]!.push(motion);
          for (const [i, motion] of fresh.entries()) unseen[i]!.push(motion);
          for (const [rank, sample] of ranked.entries()) {
            standing[motions[0]![sample]!.ring]![Math.floor((QUARTERS * rank) / ranked.length)]! += 1;
          }
          options.onProgress?.(step, batch + 1, batches);
          stop?.throwIfAborted();
          await setImmediate();
        }
        for (const [i, update] of updates.entries()) {
          const [rings, fresh] = [seen, unseen].map((all) => ringCosines(all[i]!).map(plainRing));
          cosines.push({ step, method, update, rings: rings!, fresh });
        }
        // Both rules see the same samples.
        if (method === "gradient") quarters.push({ step, rings: standing });
      } finally {
        snapshot.dispose();
      }
    }
  }
  return {
    format: 1,
    run: {
      modes: mixture.centres.length,
      update: updateOf(recipe),
      ...setupOf(recipe),
      seed: recipe.seed,
      optimizer: recipe.optimizers.generator.kind,
    },
    batchSize: size,
    kept,
    k: parts.top,
    batches,
    lr,
    cosines,
    quarters,
  };
}

const plainRing = ({ mean, halfWidth, ...counts }: RingCosine) => ({
  mean: knownOrNull(mean),
  halfWidth: knownOrNull(halfWidth),
  ...counts,
});

function snapshots(directory: RunDirectory, steps: readonly number[] | undefined): { step: number; path: string }[] {
  const all = listCheckpoints(directory.checkpoints);
  if (all.length === 0) throw new UserError(`${directory.path} has no checkpoint yet`);
  return (steps ?? all.map(({ step }) => step)).map((step) => {
    const found = all.find((checkpoint) => checkpoint.step === step);
    if (found) return found;
    throw new UserError(
      `checkpoint \`${step}\` does not exist; there are: ${all.map((checkpoint) => checkpoint.step).join(", ")}`,
    );
  });
}

/** How a generator is updated: the rule, the plain step's learning rate, and the rows of the two parts of a batch. */
interface UpdateRule {
  readonly method: Method;
  readonly lr: number;
  readonly parts: { readonly top: number; readonly bottom: number };
}

/** The motions of a batch's samples and of fresh ones, under each of {@link updates} in their order. */
interface BatchMotions {
  readonly motions: SampleMotion[][];
  readonly fresh: SampleMotion[][];
  /** The batch's samples from most to least real. */
  readonly ranked: number[];
}

/** A GAN as a checkpoint left it, which is put back after every update. */
class Snapshot {
  readonly #gan: BuiltGan;
  readonly #mixture: Mixture;
  readonly #rule: UpdateRule;
  readonly #weights: readonly Tensor[];
  readonly #moments: ReadonlyMap<string, Tensor>;

  private constructor(gan: BuiltGan, mixture: Mixture, rule: UpdateRule) {
    this.#gan = gan;
    this.#mixture = mixture;
    this.#rule = rule;
    const copy = (tensor: Tensor): Tensor => scope(() => keep(tensor.detach().clone()));
    this.#weights = gan.generator.parameters().map(copy);
    this.#moments = new Map([...gan.optimizers.generator.state()].map(([name, tensor]) => [name, copy(tensor)]));
  }

  /** The plain step is taken in double precision: its displacements are small. */
  static async open(recipe: Recipe, mixture: Mixture, path: string, rule: UpdateRule): Promise<Snapshot> {
    const dataModule = await openDataModule(recipe);
    const gan = scope(() => new BuiltGan(recipe, dataModule.shape, dataModule.loader()));
    loadCheckpoint(path, gan);
    if (rule.method === "gradient")
      for (const network of [gan.generator, gan.discriminator]) scope(() => network.to({ dtype: "float64" }));
    return new Snapshot(gan, mixture, rule);
  }

  /** One batch, drawn from `random`; the fresh latents come from `others`. */
  batch(random: Generator, others: Generator): BatchMotions {
    return frozenStatistics(() => this.#batch(random, others));
  }

  #batch(random: Generator, others: Generator): BatchMotions {
    const gan = this.#gan;
    const { top, bottom } = this.#rule.parts;
    const size = gan.recipe.batchSize;
    const [latents, fresh] = [random, others].map((generator) => {
      const drawn = drawLatents(gan, size, generator);
      return this.#rule.method === "gradient" ? drawn.double() : drawn;
    }) as [Tensor, Tensor];
    const realness = noGrad(() => {
      const { score } = gan.discriminator.forward(gan.generator.forward(latents));
      return gan.loss.realness(score);
    });
    const ranked = realness.topk(size, 0, true, true)[1];
    const rows: Record<Update, Tensor | undefined> = {
      all: undefined,
      top: ranked.narrow(0, 0, top),
      bottom: ranked.narrow(0, size - bottom, bottom),
      random: Tensor.randperm(size, { generator: random, dtype: "int64" }).narrow(0, 0, top),
    };
    const moved = updates.map((update) => this.#moved(latents, rows[update], fresh));
    return {
      motions: moved.map(([own]) => own),
      fresh: moved.map(([, other]) => other),
      ranked: ranked.tolist() as number[],
    };
  }

  /**
   * Updates the generator on some rows, measures all samples of the batch and the fresh ones, and restores the
   * generator.
   */
  #moved(latents: Tensor, rows: Tensor | undefined, fresh: Tensor): [own: SampleMotion[], fresh: SampleMotion[]] {
    const { generator, discriminator, loss, optimizers } = this.#gan;
    const { method, lr } = this.#rule;
    return scope(() => {
      const before = generator.forward(latents);
      const freshBefore = noGrad(() => generator.forward(fresh));
      const { score } = discriminator.forward(before);
      const kept = rows === undefined ? score : score.indexSelect(0, rows);
      const parameters = generator.parameters();
      const gradients = grad(loss.generator(kept).mean(), parameters);
      const scalars = optimizers.generator.scalars();
      if (method === "optimizer") optimizers.generator.step(gradients);
      else noGrad(() => foreachAdd_(parameters, gradients, -lr));
      const [after, freshAfter] = noGrad(() => [generator.forward(latents), generator.forward(fresh)] as const);
      noGrad(() => {
        for (const [i, parameter] of parameters.entries()) parameter.copy_(this.#weights[i]!);
      });
      if (method === "optimizer") optimizers.generator.load(this.#moments, scalars);
      return [motions(before, after, this.#mixture), motions(freshBefore, freshAfter, this.#mixture)];
    });
  }

  dispose(): void {
    for (const tensor of [...this.#weights, ...this.#moments.values()]) tensor.dispose();
    this.#gan.dispose();
  }
}

/** `gantry lab oracle`. */
export const oracle = defineExperiment({
  name: "oracle",
  description:
    "From snapshots of a run on a mixture: one generator update on the top half of a batch (or another share), the rest, a random half and all of it, and the cosine between each sample's displacement and the direction of its nearest mode.",
  examples: [
    { line: "gantry lab oracle runs/mixture-20250131-174503", does: "all checkpoints of a run: some minutes" },
    { line: "gantry lab oracle RUN --steps 1000,100000 --batches 100", does: "two of them, more precisely" },
    {
      line: "gantry lab oracle RUN --kept 0.5,0.75",
      does: "halves, and the quarter that k = 192 of 256 drops",
    },
  ],
  options: {
    run: z.string().meta({ argument: true }).describe("a run of the recipe mixture, with its checkpoints"),
    steps: z.array(whole()).optional().describe("the checkpoints to look at; default: all of the run"),
    kept: z
      .array(z.number(SHARE).gt(0, SHARE).lt(1, SHARE))
      .default([0.5])
      .describe("shares of a batch that the better part has; the worse part is the rest"),
    batches: whole(2).default(40).describe("batches of each snapshot"),
    lr: positive().default(0.001).describe("learning rate of the plain gradient step"),
  },
  record: oracleSchema,
  key: ["run", "kept"],
  order: ({ run: { modes, update, seed }, kept }) => [modes, update, kept, seed],
  repeat: true,
  file: "oracle.md",
  prepare: async ({ run: path, kept, ...options }, { progress, stop }) => {
    const records: OracleRecord[] = [];
    for (const share of kept) {
      const onProgress = (step: number, done: number, total: number) =>
        progress(`share ${share}, snapshot ${step}: batch ${done} of ${total}`);
      records.push(await measureOracle(path, { ...options, kept: share, onProgress, stop }));
    }
    return { cells: records, measure: (cell) => records.find((record) => record.kept === cell.kept)! };
  },
  page: (records) => ({
    tables: oracleTables(records),
    figures: groupsOf(records).flatMap(([record]) =>
      methods.map((method) => {
        const { modes, update, seed } = record!.run;
        const setup = setupWords(record!.run).map(({ name }) => `-${name}`);
        const share = record!.kept === 0.5 ? "" : `-kept-${record!.kept}`;
        const name = `oracle-modes-${modes}${setup.join("")}-${update}${share}-seed${seed}-${method}`;
        return { name, svg: figureOf(record!, method) };
      }),
    ),
  }),
});
