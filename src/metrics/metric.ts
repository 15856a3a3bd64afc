/** Metric: a score as a value. It names what it needs of a set of samples, which is computed once for all metrics. */
import type { z } from "zod";
import { type Descriptor, definer } from "../base/descriptor.ts";
import { UserError } from "../base/errors.ts";
import type { Mixture } from "../data/index.ts";
import type { Generator, Tensor } from "../tensor/index.ts";
import type { Gaussian } from "./formulas/moments.ts";

/** The parts of a set of samples that can be kept. Everything else is dropped batch by batch. */
export type Part = "moments" | "features" | "logits" | "images";

/** A set of samples for metrics: the parts that one of them needs. */
export interface Sample {
  /** Number of samples, N; NaN of a statistics file that does not say how many there were. */
  readonly count: number;
  /** Mean and covariance of the features, float64. */
  readonly moments?: Gaussian | undefined;
  /** float32 [N, D] on the CPU: of images by the feature network, of vectors the vectors themselves. */
  readonly features?: Tensor | undefined;
  /** float32 [N, K] on the CPU, in the order of `features`: the feature network's logits. */
  readonly logits?: Tensor | undefined;
  /**
   * uint8 [N, C, H, W] on the CPU, in the order of `features`: the images as they are scored. Where one side is gray (C = 1)
   * and the other has colour, gray is repeated.
   */
  readonly images?: Tensor | undefined;
}

/** What the discriminator, as a classifier of K classes, gives for real images whose class is known. */
export interface Classified {
  /** Number of images, N. */
  readonly count: number;
  /** int64 [N] on the CPU. */
  readonly labels: Tensor;
  /** float32 [N, K] on the CPU, by the weights as they are. */
  readonly logits: Tensor;
  /** The same by averaged weights; undefined where the run keeps none of the discriminator. */
  readonly averaged?: Tensor | undefined;
}

/** One number from a metric. */
export interface Measured {
  /** NaN where it is undefined for these samples. */
  readonly value: number;
  /** Standard deviation over the metric's own splits or subsets. */
  readonly std?: number;
  /** Values at several numbers of images, where the value is drawn from them. */
  readonly points?: readonly (readonly [count: number, value: number])[];
}

/** Whether lower or higher is better. */
export type Better = "lower" | "higher";

/** The inputs of a metric. */
export interface MetricInput {
  readonly fake: Sample;
  /** Real samples, for metrics that need them. */
  readonly real?: Sample | undefined;
  /** A random stream for subsets and the like. Nothing else draws from it. */
  readonly random: Generator;
  /** For metrics of the discriminator as a classifier. */
  readonly classified?: Classified | undefined;
}

/** How many samples each set has. */
export interface SetCounts {
  readonly fake: number;
  readonly real: number;
}

/** A metric, built. */
export interface Metric {
  /** The kind of its descriptor. */
  readonly kind: string;
  /** Which parts it reads of the generated samples and of the real ones. */
  readonly needs: {
    readonly fake: readonly Part[];
    readonly real: readonly Part[];
    /** Whether it measures the discriminator as a classifier of the test split, and no generated samples. */
    readonly classified: boolean;
  };
  /** The fewest samples, of each set that it needs, that it can be computed of. */
  readonly fewest: number;
  /** How many pairs of feature vectors it compares, of sets of these sizes: what may take longer than the features. */
  pairs(counts: SetCounts): number;
  /** The names of its numbers, and which end is the better one. */
  readonly scores: Readonly<Record<string, Better>>;
  /** Options that fix its numbers: they are part of the score's protocol. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Computes the numbers named in {@link scores}. */
  compute(input: MetricInput): Readonly<Record<string, Measured>>;
}

/** What is known of the data when a metric is built; undefined where nothing is, as of another tool's images. */
export type MetricContext = { readonly mixture?: Mixture | undefined } | undefined;

/** A metric as a recipe or the command line describes it. */
export type MetricDescriptor = Descriptor<"metric", MetricContext, Metric>;

/** What a definition needs. All keys may be left out. */
export interface MetricNeeds {
  /** Parts of the generated samples. */
  readonly fake?: readonly Part[];
  /** Parts of the real samples. */
  readonly real?: readonly Part[];
  /** The discriminator as a classifier of the test split: for runs with `semiSupervised`. */
  readonly classified?: boolean;
  /** The known distribution of the data: for runs on `mixtureOfGaussians`. */
  readonly mixture?: boolean;
}

type SampleWith<P extends Part> = { readonly count: number } & { readonly [K in P]: NonNullable<Sample[K]> };
type PartsIn<List> = List extends readonly Part[] ? List[number] : never;
type If<Flag, T> = Flag extends true ? T : undefined;

/** What `compute` of a definition gets: exactly what it needs. */
export interface InputFor<N extends MetricNeeds> {
  readonly fake: SampleWith<PartsIn<N["fake"]>>;
  readonly real: SampleWith<PartsIn<N["real"]>>;
  readonly random: Generator;
  readonly classified: If<N["classified"], Classified>;
  readonly mixture: If<N["mixture"], Mixture>;
}

/** A metric's definition: see {@link defineMetric}. */
export interface MetricDefinition<Options, N extends MetricNeeds, Name extends string> {
  /** What it measures, in a few words, for lists. */
  readonly description: string;
  readonly needs: N;
  /** The names of its numbers, and which end is the better one. */
  readonly scores: Readonly<Record<Name, Better>>;
  /**
   * The fewest samples, of each set that it needs, that it can be computed of under these options; default 1. Fewer are
   * refused before any work.
   */
  readonly fewest?: (options: Options) => number;
  /** How many pairs of feature vectors it compares; default: none. The announced time of an evaluation has them. */
  readonly pairs?: (counts: SetCounts, options: Options) => number;
  /** Which of the scores it gives under these options. Default: all. */
  readonly given?: (options: Options) => readonly Name[];
  /** What fixes its numbers and belongs into the score's protocol. Default: its options. */
  readonly protocol?: (options: Options, data: Pick<InputFor<N>, "mixture">) => Readonly<Record<string, unknown>>;
  /** Computes the scores: a number each, or with its spread. A score that is not given may be undefined. */
  compute(input: InputFor<N>, options: Options): Readonly<Record<Name, number | Measured | undefined>>;
}

const define = definer<"metric", MetricContext, Metric>("metric");
const definitions = new Map<string, Pick<MetricDefinition<never, MetricNeeds, string>, "description" | "needs">>();

/**
 * Defines a metric: its kind, the zod schema of its options, and what it needs, gives and computes.
 *
 * `compute` sees of the samples what `needs` names, and no more: `fake` and `real` have `count` and these parts. A metric
 * that needs only `images` looks at pixels: it takes no feature network, and its scores have plain names.
 *
 * @throws UserError when a metric that ships with Gantry has the same kind.
 *
 * @example
 * // The distance between the mean features of generated and of real images.
 * const meanDistance = defineMetric("meanDistance", z.strictObject({}), {
 *   description: "distance between mean features",
 *   needs: { fake: ["moments"], real: ["moments"] },
 *   scores: { meanDistance: "lower" },
 *   compute: ({ fake, real }) => ({ meanDistance: fake.moments.mean.sub(real.moments.mean).norm().item() }),
 * });
 */
export function defineMetric<S extends z.ZodObject, const N extends MetricNeeds, Name extends string>(
  kind: string,
  schema: S,
  definition: MetricDefinition<z.output<S>, N, Name>,
): (options?: z.input<S>) => MetricDescriptor {
  const { description, needs, scores, fewest, pairs, given, protocol } = definition;
  const describe = define(kind, schema, (options: z.output<S>, context): Metric => {
    const mixture = context?.mixture;
    if (needs.mixture && mixture === undefined) {
      throw new UserError(
        `\`${kind}\` needs data whose modes are known, which only mixtureOfGaussians are; take another metric`,
      );
    }
    const data = { mixture } as InputFor<N>;
    const names = given?.(options) ?? (Object.keys(scores) as Name[]);
    const { fake = [], real = [], classified = false } = needs;
    return {
      kind,
      needs: { fake, real, classified },
      fewest: fewest?.(options) ?? 1,
      pairs: (counts) => pairs?.(counts, options) ?? 0,
      scores: Object.fromEntries(names.map((name) => [name, scores[name]])),
      options: protocol?.(options, data) ?? options,
      compute(input) {
        requireParts(kind, input.fake, fake);
        requireParts(kind, input.real, real);
        const found = definition.compute({ ...input, ...data }, options);
        return Object.fromEntries(names.map((name) => [name, measured(kind, name, found[name])]));
      },
    };
  });
  definitions.set(kind, { description, needs });
  return describe;
}

/** What a metric measures, in a few words. */
export function metricDescription(kind: string): string {
  return definitions.get(kind)?.description ?? "";
}

/** Whether a metric needs a feature network: not one that looks at the images themselves, or at the discriminator. */
export const needsFeatures = ({ needs }: Pick<Metric, "needs">): boolean =>
  [...needs.fake, ...needs.real].some((part) => part !== "images");

/** The kinds of metrics that can score images by any tool: those that need neither a discriminator nor known modes. */
export function imageMetricKinds(): string[] {
  return [...definitions].flatMap(([kind, { needs }]) => (needs.classified || needs.mixture ? [] : [kind])).sort();
}

/** @throws when the collector did not keep what a metric asked for: a defect of its caller. */
function requireParts(kind: string, sample: Sample | undefined, parts: readonly Part[]): void {
  const missing = parts.find((part) => sample?.[part] === undefined);
  if (missing !== undefined) throw new Error(`\`${kind}\` needs \`${missing}\`, which was not collected`);
}

function measured(kind: string, name: string, found: number | Measured | undefined): Measured {
  if (found === undefined) throw new UserError(`the metric \`${kind}\` gives no number \`${name}\`, which it names`);
  const number = typeof found === "number" ? { value: found } : found;
  // Neither NaN nor an infinity is a value that compares, and JSON has neither.
  if (!Number.isFinite(number.value)) return { value: Number.NaN };
  const { std, ...rest } = number;
  return std !== undefined && Number.isFinite(std) ? number : rest;
}
