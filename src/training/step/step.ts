/**
 * One training step of a GAN: `discriminatorSteps` updates of D, then one of G (Goodfellow et al. 2014, algorithm 1),
 * with the techniques' hooks at their places.
 *
 * Layers with state (batch norm's running statistics, spectral norm's vectors) update it once per update of their
 * network: D in {@link discriminatorUpdate}, G in {@link generatorUpdate}. All other passes run in `frozenStatistics`.
 */
import { clipWeights } from "../../losses/index.ts";
import type { DiscriminatorOutput } from "../../models/index.ts";
import { frozenStatistics, withPassMode } from "../../nn/index.ts";
import type {
  DiscriminatorPass,
  GeneratorPass,
  InputPlace,
  Player,
  RealBatch,
  Technique,
} from "../../techniques/index.ts";
import { eachStep, noGrad, scope, Tensor, withTf32 } from "../../tensor/index.ts";
import { Augmented } from "./augmented.ts";
import { BatchGraph } from "./batch-graph.ts";
import { requireInputGradient, requireNumber, requireThrough } from "./compatible.ts";
import { mapOutput } from "./discriminator-output.ts";
import type { BuiltGan } from "./gan.ts";
import { discriminateBoth } from "./main-pass.ts";
import type { Observation } from "./observation.ts";

/** The numbers of a step, in the order in which {@link trainingStep} returns them. */
export const STEP_NUMBERS = ["lossD", "lossG", "dReal", "dFake"] as const;

/**
 * Makes one training step.
 *
 * @param observation - Keeps what the log wants of this step; of D's updates, it gets the last.
 * @returns float32 [4], {@link STEP_NUMBERS}: what each player minimised, penalties included, and the mean D(x) of real and
 *   of generated images before the update. Those of D are means over its updates. The caller disposes it.
 * @throws UserError when a technique's hook does, or returns a loss that is not one number.
 *
 * @example
 * const numbers = trainingStep(gan);
 */
export function trainingStep(gan: BuiltGan, observation?: Observation): Tensor {
  gan.streams.claim();
  const { sharding, recipe, repeatedDraws: draws, graphs } = gan;
  const run = (): Tensor => withTf32(recipe.tf32 ?? false, () => step(gan, observation));
  return withPassMode({ replicas: sharding.replica.size }, () => {
    if (graphs !== undefined) return scope(() => graphs.step(run, observation));
    return draws === undefined ? run() : scope(() => draws.during(run));
  });
}

function step(gan: BuiltGan, observation: Observation | undefined): Tensor {
  return scope(() => {
    const { discriminatorSteps } = gan.recipe;
    const updates = Array.from({ length: discriminatorSteps }, (_, i) =>
      scope(() =>
        discriminatorUpdate(
          gan,
          gan.step * discriminatorSteps + i,
          i === discriminatorSteps - 1 ? observation : undefined,
        ),
      ),
    );
    const lossG = scope(() => generatorUpdate(gan, observation));
    eachStep(() => gan.reach(gan.step + 1));
    const [lossD, dReal, dFake] = meanOf(updates);
    return Tensor.stack([lossD!, lossG, dReal!, dFake!]);
  });
}

/**
 * Updates D: real images x against generated ones G(z). `number` counts D's updates over the run, from 0. Returns
 * [loss, mean D(x), mean D(G(z))].
 */
function discriminatorUpdate(gan: BuiltGan, number: number, observation: Observation | undefined): Tensor[] {
  const { discriminator, generator, loss, techniques, recipe, precision } = gan;
  const graph = new BatchGraph(gan, "discriminator");
  const statistics = precision.statisticsOf(discriminator);

  // x, and G(z) without a graph.
  const { images: rawReal, labels: realLabels } = gan.loader.next();
  const fakeLabels = gan.labels(recipe.batchSize);
  const latents = gan.latents(recipe.batchSize);
  const rawFake = noGrad(() =>
    frozenStatistics(() =>
      graph.images("images", (rows) => precision.generate(generator, rows(latents), rows(fakeLabels))),
    ),
  );
  const augment = augmentation(gan);
  const named = techniques.flatMap((technique) => technique.inputGradients?.(number, gan) ?? []);
  const through = techniques.some(({ throughAugmentation }) => throughAugmentation);
  const augmented = (raw: Tensor, of: "real" | "fake"): Augmented =>
    new Augmented(raw, (images) => augment(images, of), through || named.includes(RAW[of]));
  const batches = { real: augmented(rawReal, "real"), fake: augmented(rawFake, "fake") };
  const [real, fake] = [batches.real.images, batches.fake.images];

  // D(x) and D(G(z)), with the graph that leads to D's weights; and the gradients of D's scores that penalties read.
  const wanted = (["real", "fake"] as const).filter((of) => named.includes(of) || named.includes(RAW[of]));
  const { outputs, inputGradients } = graph.outputs("discriminator", (rows) =>
    discriminateBoth(
      {
        forward: (images, labels) => precision.discriminate(discriminator, images, labels),
        modules: () => discriminator.modules(),
      },
      { images: rows(real), labels: rows(realLabels) },
      { images: rows(fake), labels: rows(fakeLabels) },
      wanted,
      precision.scaleOf("discriminator"),
    ),
  );
  const [realOutput, fakeOutput] = outputs as [DiscriminatorOutput, DiscriminatorOutput];
  observation?.discriminator(() => ({ real: realOutput.score, fake: fakeOutput.score }));
  const targets = techniques.find((technique) => technique.targets)?.targets?.(gan, recipe.batchSize);
  const pass: DiscriminatorPass = {
    update: number,
    real,
    fake,
    rawReal,
    rawFake,
    latents,
    realLabels,
    fakeLabels,
    realOutput,
    fakeOutput,
    inputGradient(of) {
      const seen = of === "real" || of === "rawReal" ? "real" : "fake";
      const gradient = named.includes(of) ? inputGradients[wanted.indexOf(seen)] : undefined;
      const found = requireInputGradient(gradient, of);
      return of === seen ? found : batches[seen].back(found);
    },
    augmentedChange(of, change) {
      requireThrough(through);
      return batches[of].along(change);
    },
    targets,
    discriminate: discriminate(gan),
    generate: generate(gan),
    lossScale: precision.scaleOf("discriminator"),
    augment,
  };

  // The loss, or a technique's replacement, and the penalties.
  const replacing = techniques.find((technique) => technique.discriminatorLoss);
  let total: Tensor;
  if (replacing === undefined) {
    const halves = loss.discriminator(realOutput.score, fakeOutput.score, targets);
    total = halves.real.mean().add(halves.fake.mean());
  } else {
    total = requireNumber(replacing.discriminatorLoss!(pass, gan), replacing, "discriminatorLoss");
  }
  total = withPenalties(gan, total, "discriminatorPenalty", (technique) => technique.discriminatorPenalty?.(pass, gan));

  update(gan, "discriminator", graph.gradients(total, discriminator.parameters()), statistics, observation);
  if (loss.clip !== undefined) clipWeights(discriminator.parameters(), loss.clip);
  for (const technique of techniques) technique.afterStep?.("discriminator", gan);
  return noGrad(() => [
    total.detach(),
    loss.probability(realOutput.score).mean(),
    loss.probability(fakeOutput.score).mean(),
  ]);
}

/** The same images before the augmentation. */
const RAW = { real: "rawReal", fake: "rawFake" } as const satisfies Record<string, InputPlace>;

/** Updates G. Returns its loss. */
export function generatorUpdate(gan: BuiltGan, observation?: Observation): Tensor {
  const { discriminator, generator, loss, techniques, recipe, precision } = gan;
  const graph = new BatchGraph(gan, "generator");
  const statistics = precision.statisticsOf(generator);
  let pass: GeneratorPass;
  let total: Tensor;
  // D is fixed here: its weights need neither gradients nor a record for them.
  discriminator.requiresGrad_(false);
  try {
    // G(z) and D(G(z)), with the graph that leads to G's weights.
    const latents = gan.latents(recipe.batchSize);
    const labels = gan.labels(recipe.batchSize);
    const augment = augmentation(gan);
    const rawFake = graph.images("generator", (rows) => precision.generate(generator, rows(latents), rows(labels)));
    const fake = augment(rawFake, "fake");
    const { outputs } = graph.outputs(
      FIXED_PASS,
      (rows, images) => ({ outputs: [discriminate(gan)(rows(images!), rows(labels))] }),
      fake,
    );
    const [fakeOutput] = outputs as [DiscriminatorOutput];

    // The rows that G learns from.
    const selecting = techniques.find((technique) => technique.select);
    const selection = noGrad(() => selecting?.select?.(loss.realness(fakeOutput.score.detach()), gan, labels) ?? null);
    const rows = selection?.rows ?? null;
    observation?.generator(() => {
      const scores = fakeOutput.score;
      const realness = noGrad(() => loss.realness(scores.detach()));
      return { images: rawFake, scores, realness, labels, rows, selectedBy: selecting?.name };
    });
    const selected = (output: DiscriminatorOutput): DiscriminatorOutput =>
      mapOutput(output, (tensor) => (rows === null ? tensor : tensor.indexSelect(0, rows)));
    const selectedOutput = selected(fakeOutput);

    let realBatch: RealBatch | undefined;
    const real = (): RealBatch => {
      realBatch ??= drawReal(gan, graph, selected);
      return realBatch;
    };
    pass = {
      latents,
      labels,
      fake,
      rawFake,
      fakeOutput,
      rows,
      selectedOutput,
      real,
      discriminate: discriminate(gan),
      generate: generate(gan),
      lossScale: precision.scaleOf("generator"),
      augment,
      gradientsOf: (value) => graph.gradients(value, generator.parameters(), true),
    };

    // The loss over the selected rows, or a technique's replacement, and the penalties.
    const replacing = techniques.find((technique) => technique.generatorLoss);
    if (replacing === undefined) {
      const realScore = loss.pairs ? real().selectedOutput.score : undefined;
      const losses = loss.generator(selectedOutput.score, realScore);
      total = (selection?.weights === undefined ? losses : losses.mul(selection.weights)).mean();
    } else {
      total = requireNumber(replacing.generatorLoss!(pass, gan), replacing, "generatorLoss");
    }
    if (selection !== null && selection.factor !== 1) total = total.mul(selection.factor);
    total = withPenalties(gan, total, "generatorPenalty", (technique) => technique.generatorPenalty?.(pass, gan));

    update(gan, "generator", graph.gradients(total, generator.parameters()), statistics, observation);
  } finally {
    discriminator.requiresGrad_(true);
  }
  for (const technique of techniques) technique.extraUpdate?.(pass, gan);
  for (const technique of techniques) technique.afterStep?.("generator", gan);
  return total.detach();
}

/** The name of D's pass in G's update. Dropout's seeds follow from it, so it is the name of version 0.1. */
const FIXED_PASS = "judge";

/** The next batch of real images for G's update, and D(x), which is a constant to G. */
function drawReal(
  gan: BuiltGan,
  graph: BatchGraph,
  selected: (output: DiscriminatorOutput) => DiscriminatorOutput,
): RealBatch {
  const { images: raw, labels } = gan.realLoader.next();
  return noGrad(() => {
    const images = augmentation(gan)(raw, "real");
    const { outputs } = graph.outputs("real", (rows) => ({
      outputs: [discriminate(gan)(rows(images), rows(labels))],
    }));
    const [output] = outputs as [DiscriminatorOutput];
    return { images, raw, labels, output, selectedOutput: selected(output) };
  });
}

/** Images as D gets them. */
function augmentation(gan: BuiltGan): DiscriminatorPass["augment"] {
  return (images, of) => gan.techniques.reduce((seen, technique) => technique.augment?.(seen, of, gan) ?? seen, images);
}

/** D's output in a pass that does not update its statistics. */
function discriminate({ discriminator, precision }: BuiltGan): DiscriminatorPass["discriminate"] {
  return (images, labels) => frozenStatistics(() => precision.discriminate(discriminator, images, labels));
}

/** G's images in a pass that does not update its statistics. */
function generate({ generator, precision }: BuiltGan): DiscriminatorPass["generate"] {
  return (latents, labels) => frozenStatistics(() => precision.generate(generator, latents, labels));
}

function withPenalties(
  { techniques }: BuiltGan,
  loss: Tensor,
  hook: "discriminatorPenalty" | "generatorPenalty",
  penaltyOf: (technique: Technique) => Tensor | undefined,
): Tensor {
  return techniques.reduce((total, technique) => {
    const penalty = penaltyOf(technique);
    return penalty === undefined ? total : total.add(requireNumber(penalty, technique, hook));
  }, loss);
}

/**
 * A step of the player's optimizer, unless its scaled gradients have overflowed. A weight that the loss does not depend on (null)
 * gets a gradient of zeros.
 */
function update(
  gan: BuiltGan,
  player: Player,
  found: readonly (Tensor | null)[],
  statistics: ReadonlyMap<Tensor, Tensor> | undefined,
  observation: Observation | undefined,
): void {
  const parameters = gan[player].parameters();
  let gradients: readonly Tensor[] = found.map((gradient, i) => gradient ?? Tensor.zerosLike(parameters[i]!));
  for (const technique of gan.techniques) gradients = technique.gradients?.(player, gradients, gan) ?? gradients;
  observation?.gradients(player, gradients);
  if (gan.precision.accepts(player, gradients)) gan.optimizers[player].step(gradients);
  else gan.precision.restore(statistics);
}

/** The mean of each number over D's updates. */
function meanOf(updates: readonly (readonly Tensor[])[]): readonly Tensor[] {
  if (updates.length === 1) return updates[0]!;
  return updates[0]!.map((_, i) => Tensor.stack(updates.map((numbers) => numbers[i]!)).mean());
}
