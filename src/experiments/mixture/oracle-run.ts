/**
 * The oracle experiment on the snapshots of a run: from each, one update of the generator on the half of a batch that
 * the discriminator rates most real, on the other half, on a random half, and on all; each from the same weights.
 *
 * The main measure is a plain gradient step, whose direction is the batch's alone. A step of the run's own optimizer,
 * from copies of its moments, is reported beside it: there the moments of the steps before weigh more than the batch.
 */
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import type { Mixture, VectorData } from "../../data/index.ts";
import { writeFileAtomic } from "../../formats/index.ts";
import { frozenStatistics } from "../../nn/index.ts";
import { importModules } from "../../recipe/modules.ts";
import { fromPlainRecipe } from "../../recipe/plain.ts";
import type { Recipe } from "../../recipe/recipe.ts";
import { foreachAdd_, Generator, grad, keep, noGrad, scope, Tensor } from "../../tensor/index.ts";
import { BuiltGan, listCheckpoints, openDataModule, RunDirectory } from "../../training/index.ts";
import { loadCheckpoint } from "../../training/run/checkpoint.ts";
import { drawLatents } from "../../training/step/gan.ts";
import { seedOf } from "../../training/step/random-streams.ts";
import { type Update, updates } from "./experiment.ts";
import { motions, RINGS, type RingCosine, ringCosines, type SampleMotion } from "./oracle.ts";
import { updateOf } from "./record.ts";

/** The rules by which the generator is updated. */
export const methods = ["gradient", "optimizer"] as const;

/** One of {@link methods}. */
export type Method = (typeof methods)[number];

const QUARTERS = 4;

const ring = z.strictObject({
  mean: z.number().nullable(),
  halfWidth: z.number().nullable(),
  count: z.int(),
  batches: z.int(),
});

/** The schema of {@link OracleRecord}. */
export const oracleSchema = z.strictObject({
  format: z.literal(1),
  /** The run that the snapshots are of. */
  run: z.strictObject({ modes: z.int(), update: z.enum(updates), seed: z.int(), optimizer: z.string() }),
  batchSize: z.int(),
  /** Rows of the halves. */
  k: z.int(),
  /** Batches of each snapshot. */
  batches: z.int(),
  /** Learning rate of the plain gradient step. */
  lr: z.number(),
  /** By snapshot, rule and rows; each has a number for each ring, null where it is not known. */
  cosines: z.array(
    z.strictObject({ step: z.int(), method: z.enum(methods), update: z.enum(updates), rings: z.array(ring) }),
  ),
  /**
   * By snapshot, where the samples of each ring stand in the discriminator's order of their batch: how many in the quarter
   * that it rates most real, in the next two, and in the last.
   */
  quarters: z.array(z.strictObject({ step: z.int(), rings: z.array(z.array(z.int()).length(QUARTERS)) })),
});

/** The result of the experiment on one run. */
export type OracleRecord = z.output<typeof oracleSchema>;

/** How to measure. */
export interface OracleOptions {
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
 * @throws UserError when the run is on other data, or has no checkpoint of a step.
 *
 * @example
 * const record = await measureOracle("runs/mixture-20250131-174503", { batches: 20 });
 */
export async function measureOracle(path: string, options: OracleOptions = {}): Promise<OracleRecord> {
  const { batches = 40, lr = 1e-3, stop } = options;
  const directory = new RunDirectory(path);
  const { recipe: plain, modules } = directory.description();
  await importModules(modules);
  const recipe = fromPlainRecipe(plain);
  const { mixture } = (await recipe.data.build({})) as VectorData;
  if (mixture === undefined) throw new UserError(`${path} is no run on a mixture of Gaussians`);
  const cosines: OracleRecord["cosines"] = [];
  const quarters: OracleRecord["quarters"] = [];
  for (const { step, path: checkpoint } of snapshots(directory, options.steps)) {
    for (const method of methods) {
      const snapshot = await Snapshot.open(recipe, mixture, checkpoint, method, lr);
      try {
        const seen = updates.map(() => [] as SampleMotion[][]);
        const standing = RINGS.map(() => new Array<number>(QUARTERS).fill(0));
        const random = new Generator(seedOf(recipe.seed, `oracle.${step}`));
        for (let batch = 0; batch < batches; batch++) {
          const { motions, ranked } = scope(() => snapshot.batch(random));
          for (const [i, motion] of motions.entries()) seen[i]!.push(motion);
          for (const [rank, sample] of ranked.entries()) {
            standing[motions[0]![sample]!.ring]![Math.floor((QUARTERS * rank) / ranked.length)]! += 1;
          }
          options.onProgress?.(step, batch + 1, batches);
          stop?.throwIfAborted();
          await setImmediate();
        }
        for (const [i, update] of updates.entries()) {
          cosines.push({ step, method, update, rings: ringCosines(seen[i]!).map(plainRing) });
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
      seed: recipe.seed,
      optimizer: recipe.optimizers.generator.kind,
    },
    batchSize: recipe.batchSize,
    k: Math.floor(recipe.batchSize / 2),
    batches,
    lr,
    cosines,
    quarters,
  };
}

/** A number as a record holds it: null where it is not known. */
export const known = (value: number): number | null => (Number.isFinite(value) ? value : null);
const plainRing = ({ mean, halfWidth, ...counts }: RingCosine) => ({
  mean: known(mean),
  halfWidth: known(halfWidth),
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

/** A game as a checkpoint left it, which is put back after every update. */
class Snapshot {
  readonly #gan: BuiltGan;
  readonly #mixture: Mixture;
  readonly #method: Method;
  readonly #lr: number;
  readonly #weights: readonly Tensor[];
  readonly #moments: ReadonlyMap<string, Tensor>;

  private constructor(gan: BuiltGan, mixture: Mixture, method: Method, lr: number) {
    this.#gan = gan;
    this.#mixture = mixture;
    this.#method = method;
    this.#lr = lr;
    const copy = (tensor: Tensor): Tensor => scope(() => keep(tensor.detach().clone()));
    this.#weights = gan.generator.parameters().map(copy);
    this.#moments = new Map([...gan.optimizers.generator.state()].map(([name, tensor]) => [name, copy(tensor)]));
  }

  /** The plain step is taken in double precision: its displacements are small. */
  static async open(recipe: Recipe, mixture: Mixture, path: string, method: Method, lr: number): Promise<Snapshot> {
    const dataModule = await openDataModule(recipe);
    const gan = scope(() => new BuiltGan(recipe, dataModule.shape, dataModule.loader()));
    loadCheckpoint(path, gan);
    if (method === "gradient")
      for (const network of [gan.generator, gan.discriminator]) scope(() => network.to({ dtype: "float64" }));
    return new Snapshot(gan, mixture, method, lr);
  }

  /** One batch: its motions under each of {@link updates}, in their order, and its samples from most to least real. */
  batch(random: Generator): { motions: SampleMotion[][]; ranked: number[] } {
    return frozenStatistics(() => this.#batch(random));
  }

  #batch(random: Generator): ReturnType<Snapshot["batch"]> {
    const gan = this.#gan;
    const size = gan.recipe.batchSize;
    const drawn = drawLatents(gan, size, random);
    const latents = this.#method === "gradient" ? drawn.double() : drawn;
    const realness = noGrad(() => {
      const { score } = gan.discriminator.forward(gan.generator.forward(latents));
      return gan.loss.realness(score);
    });
    const half = Math.floor(size / 2);
    const ranked = realness.topk(size, 0, true, true)[1];
    const rows: Record<Update, Tensor | undefined> = {
      all: undefined,
      top: ranked.narrow(0, 0, half),
      bottom: ranked.narrow(0, size - half, half),
      random: Tensor.randperm(size, { generator: random, dtype: "int64" }).narrow(0, 0, half),
    };
    return {
      motions: updates.map((update) => this.#moved(latents, rows[update])),
      ranked: ranked.tolist() as number[],
    };
  }

  /** Updates the generator on some rows, looks at all samples of the batch, and puts the generator back. */
  #moved(latents: Tensor, rows: Tensor | undefined): SampleMotion[] {
    const { generator, discriminator, loss, optimizers } = this.#gan;
    return scope(() => {
      const before = generator.forward(latents);
      const { score } = discriminator.forward(before);
      const kept = rows === undefined ? score : score.indexSelect(0, rows);
      const parameters = generator.parameters();
      const gradients = grad(loss.generator(kept).mean(), parameters);
      const scalars = optimizers.generator.scalars();
      if (this.#method === "optimizer") optimizers.generator.step(gradients);
      else noGrad(() => foreachAdd_(parameters, gradients, -this.#lr));
      const after = noGrad(() => generator.forward(latents));
      noGrad(() => {
        for (const [i, parameter] of parameters.entries()) parameter.copy_(this.#weights[i]!);
      });
      if (this.#method === "optimizer") optimizers.generator.load(this.#moments, scalars);
      return motions(before, after, this.#mixture);
    });
  }

  dispose(): void {
    for (const tensor of [...this.#weights, ...this.#moments.values()]) tensor.dispose();
    this.#gan.dispose();
  }
}

/** Writes the record of a run into a folder, as `oracle-modes-25-all-seed0.json`. */
export function writeOracle(folder: string, record: OracleRecord): string {
  const { modes, update, seed } = record.run;
  const path = join(folder, `oracle-modes-${modes}-${update}-seed${seed}.json`);
  const { cosines, quarters, ...head } = record;
  const entries = Object.entries(head).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  const lists = Object.entries({ cosines, quarters }).map(([key, list]) => {
    return `  "${key}": [\n${list.map((one) => `    ${JSON.stringify(one)}`).join(",\n")}\n  ]`;
  });
  writeFileAtomic(path, [`{\n${[...entries, ...lists].join(",\n")}\n}\n`]);
  return path;
}
