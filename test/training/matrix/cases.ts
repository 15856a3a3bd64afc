/**
 * What the matrix of techniques, losses and models is made of: small networks, options by which a technique has an effect
 * within a few steps, and the combinations that are refused.
 *
 * A new technique takes part by being registered. It needs a line here only where its default options have no effect in
 * 50 steps of a batch of 8, where it wants particular networks, or where it is refused.
 */
import { fromPlain, kindsOf, type Role } from "../../../src/base/descriptor.ts";
import { mixtureOfGaussians } from "../../../src/data/index.ts";
import "../../../src/recipe/shipped-parts.ts";
import type { Recipe, RecipeInput } from "../../../src/recipe/recipe.ts";
import { noiseImages, tinyRecipe } from "../tiny.ts";

/** Every technique that Gantry ships; the tests' own are not yet registered. */
export const TECHNIQUES = kindsOf("technique");
export const LOSSES = kindsOf("loss");

const [USUAL_LOSS, USUAL_NETWORKS] = ["nonSaturating", "mlp"];

/** Options by which a technique is at work within the matrix's few steps; default: its own. */
const OPTIONS: Readonly<Record<string, object>> = {
  topK: { gamma: 0.8, floor: 0.25, everySteps: 1 },
  leCam: { warmUp: 1 },
  minibatchDiscrimination: { kernels: 3, dimensions: 2 },
  historicalAveraging: { weight: 0.01 },
  labelSmoothing: { real: [0.8, 1], flip: 0.1 },
  weightAveraging: { decay: 0.9 },
  adaptiveAugmentation: { start: 0.5, interval: 1, images: 200 },
  dataDependentInitialisation: { images: 8 },
  semiSupervised: { labels: 4 },
  mine: { hidden: [8], width: 2 },
  standingStatistics: { batches: 2 },
  powerAveraging: { stds: [0.2, 0.25] },
  logitCentring: { weight: 1 },
};

/** Networks, as narrow as they can be. */
interface Networks {
  readonly generator: readonly [kind: string, options: object];
  readonly discriminator: readonly [kind: string, options: object];
  /** Of the images; default 16. */
  readonly size?: number;
}

const hidden = [8, 6];
const same = (kind: string, options: object, size = 16): Networks => {
  return { generator: [kind, { ...options, latent: 4 }], discriminator: [kind, options], size };
};

/** Every generator and discriminator that Gantry ships; those of several natures twice. */
export const NETWORKS: Readonly<Record<string, Networks>> = {
  mlp: same("mlp", { hidden }),
  "conditional mlp": same("mlp", { hidden, conditional: true, spectralNorm: true }),
  noisyMlp: same("noisyMlp", { hidden }),
  dcgan: {
    generator: ["dcgan", { latent: 4, width: 2 }],
    discriminator: ["dcgan", { width: 2, batchNorm: true, dropout: 0.5 }],
  },
  "conditional dcgan": same("dcgan", { width: 2, batchNorm: false, spectralNorm: true, conditional: true }),
  allCnn: same("allCnn", { width: 2 }),
  resnet: same("resnet", { width: 2 }, 32),
  sagan: same("sagan", { width: 8 }, 32),
  biggan: same("biggan", { width: 2 }, 32),
  bigganDeep: same("bigganDeep", { width: 4 }, 32),
  r3gan: same("r3gan", { width: 4, blocks: 1, groupSize: 4 }),
};

/** The networks on which a technique meets the losses and the other techniques; default: mlp. */
const OWN_NETWORKS: Readonly<Record<string, string>> = {
  dataDependentInitialisation: "noisyMlp",
  crossReplicaBatchNorm: "noisyMlp",
  standingStatistics: "noisyMlp",
  virtualBatchNorm: "noisyMlp",
};

/** Techniques that change nothing in a process that trains by itself. */
export const SILENT: readonly string[] = ["crossReplicaBatchNorm"];

/** The networks of a combination that may have any. */
export function networksFor(techniques: readonly string[]): string {
  return techniques.map((kind) => OWN_NETWORKS[kind]).find((name) => name !== undefined) ?? USUAL_NETWORKS;
}

/** One combination. */
export interface Case {
  readonly techniques: readonly string[];
  readonly loss: string;
  /** A name of {@link NETWORKS}. */
  readonly networks: string;
  /** Images of two classes, or points in the plane without classes. */
  readonly data: "images" | "vectors";
}

export const told = ({ techniques, loss, networks, data }: Case): string =>
  `${techniques.join(" + ") || "none"}, ${loss}, ${networks}, ${data}`;

/** Kinds of a role that no networks of the matrix have. */
export function missing(role: "generator" | "discriminator"): string[] {
  const present = new Set(Object.values(NETWORKS).map((networks) => networks[role][0]));
  return kindsOf(role).filter((kind) => !present.has(kind));
}

export function recipeOf({ techniques, loss, networks, data }: Case): Recipe {
  const { generator, discriminator, size = 16 } = NETWORKS[networks]!;
  const part = (role: Role, [kind, options]: readonly [string, object]): never =>
    fromPlain({ role, kind, options: options as Record<string, unknown> }) as never;
  return tinyRecipe({
    data: (data === "images"
      ? noiseImages({ count: 24, size })
      : mixtureOfGaussians({ modes: 4 })) as RecipeInput["data"],
    generator: part("generator", generator),
    discriminator: part("discriminator", discriminator),
    loss: part("loss", [loss, {}]),
    techniques: techniques.map((kind) => part("technique", [kind, OPTIONS[kind] ?? {}])),
  });
}

/** A reason for which combinations are refused. */
interface Refusal {
  readonly when: (one: Case) => boolean;
  /** Of the message. */
  readonly says: string;
}

const has = (one: Pick<Case, "techniques">, ...kinds: string[]): boolean =>
  kinds.every((kind) => one.techniques.includes(kind));

/** Networks whose generator has no batch norm. */
const NO_BATCH_NORM = ["mlp", "conditional mlp", "conditional dcgan", "r3gan"];
/** Losses that only differences of scores have a meaning for, and those that have no targets. */
const OF_DIFFERENCES = ["wasserstein", "relativistic", "relativisticAverage"];
const WITHOUT_TARGETS = ["hinge", ...OF_DIFFERENCES];
/** Pairs of techniques that can stand in this order only: the other one is tried as well. */
const ONE_ORDER = [
  ["weightAveraging", "standingStatistics"],
  ["dataDependentInitialisation", "weightAveraging"],
  ["dataDependentInitialisation", "historicalAveraging"],
  ["dataDependentInitialisation", "powerAveraging"],
  ["powerAveraging", "standingStatistics"],
] as const;

/** All that is refused. Whatever none of these is about trains. */
export const REFUSALS: readonly Refusal[] = [
  {
    when: (one) => has(one, "labelSmoothing") && WITHOUT_TARGETS.includes(one.loss),
    says: "`labelSmoothing` sets targets for the discriminator, and the loss",
  },
  {
    when: (one) => has(one, "adaptiveAugmentation") && OF_DIFFERENCES.includes(one.loss),
    says: "adaptiveAugmentation: it follows the sign of D(real), which has no meaning",
  },
  {
    when: (one) => has(one, "adaptiveAugmentation", "diffAugment"),
    says: "cannot stand in one recipe: both augment all that the discriminator sees",
  },
  {
    when: (one) => has(one, "dataDependentInitialisation") && !["noisyMlp", "allCnn"].includes(one.networks),
    says: "neither network has one",
  },
  {
    when: (one) => has(one, "powerAveraging", "weightAveraging"),
    says: "cannot stand in one recipe: both put averaged weights of the generator in the place of its own",
  },
  {
    when: (one) => has(one, "san", "semiSupervised"),
    says: "`san`: the discriminator has 2 logits, and one direction gives one score",
  },
  {
    when: (one) => has(one, "balancedConsistency", "consistencyRegularisation"),
    says: "cannot stand in one recipe: balancedConsistency has the same term for real images",
  },
  {
    when: (one) => has(one, "standingStatistics") && NO_BATCH_NORM.includes(one.networks),
    says: "`standingStatistics`: the network has no batch norm that keeps running statistics",
  },
  {
    when: (one) => has(one, "standingStatistics", "virtualBatchNorm"),
    says: "`standingStatistics`: the network has virtual batch norm, which keeps no running statistics",
  },
  ...ONE_ORDER.map(([first, second]) => ({
    when: (one: Case) => has(one, first, second) && one.techniques.indexOf(first) > one.techniques.indexOf(second),
    says: `\`${second}\` must stand after \`${first}\``,
  })),
  {
    when: (one) => has(one, "crossReplicaBatchNorm", "virtualBatchNorm"),
    says: "cannot stand in one recipe: both stand in the place of batch norm",
  },
  {
    when: (one) => has(one, "virtualBatchNorm") && NO_BATCH_NORM.includes(one.networks),
    says: "has no batch norm that it could take the place of",
  },
  {
    when: (one) => has(one, "semiSupervised") && /conditional|sagan|biggan/.test(one.networks),
    says: "`semiSupervised` asks the discriminator for the class, and with `discriminator.conditional` (=true) it is told",
  },
  {
    when: (one) => has(one, "semiSupervised") && one.data === "vectors",
    says: "`semiSupervised` learns classes, and this data has none",
  },
  ...["adaptiveAugmentation", "balancedConsistency", "consistencyRegularisation", "diffAugment"].map((kind) => ({
    when: (one: Case) => has(one, kind) && one.data === "vectors",
    says: `${kind}: it changes images, and the samples of this data are vectors`,
  })),
];

/** 50 steps of every product, as `npm run matrix` asks for; or what every change has to pass. */
export const FULL = process.env.GANTRY_MATRIX === "full";
/** SAGAN and BigGAN-deep are slow, and made of the blocks of the other two residual networks. */
const SLOW = ["sagan", "bigganDeep"];

/** Steps of a combination: half of them before the checkpoint. On networks that are not the technique's own, one is enough. */
export function stepsOf({ techniques, networks }: Case): number {
  if (FULL) return 50;
  return networks === networksFor(techniques) ? 10 : 2;
}

function single(techniques: readonly string[]): Case[] {
  const own = networksFor(techniques);
  const wanted = (networks: string, loss: string): boolean =>
    FULL || networks === own || (loss === USUAL_LOSS && (techniques.length === 0 || !SLOW.includes(networks)));
  return Object.keys(NETWORKS).flatMap((networks) =>
    LOSSES.filter((loss) => wanted(networks, loss)).map((loss) => ({ techniques, loss, networks, data: "images" })),
  );
}

/** No technique, and every one, with every loss and all networks; where it is not full, with one of both the usual one. */
export const SINGLES: readonly Case[] = [[], ...TECHNIQUES.map((kind) => [kind])].flatMap(single);

function together(...techniques: string[]): Case {
  return { techniques, loss: USUAL_LOSS, networks: networksFor(techniques), data: "images" };
}

/** Every technique with every one after it; where it is full, in both orders. */
export const PAIRS: readonly Case[] = TECHNIQUES.flatMap((one, i) =>
  TECHNIQUES.slice(i + 1).flatMap((other) => {
    const both = FULL || ONE_ORDER.some((pair) => has({ techniques: [one, other] }, ...pair));
    return both ? [together(one, other), together(other, one)] : [together(one, other)];
  }),
);

/** No technique, and every one, on points in the plane. */
export const ON_VECTORS: readonly Case[] = [[], ...TECHNIQUES.map((kind) => [kind])].map((techniques) => {
  return { techniques, loss: USUAL_LOSS, networks: USUAL_NETWORKS, data: "vectors" };
});
