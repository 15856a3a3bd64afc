/**
 * The networks of a run as graphs, in the state in which `gantry sample` uses them: averaged weights and standing
 * statistics where the run has them.
 */
import { canonicalJson } from "../base/canonical-json.ts";
import { UserError } from "../base/errors.ts";
import { gantryVersion } from "../base/version.ts";
import { type Classifier, type ClassifierInfo, sampleShape } from "../models/index.ts";
import type { Module } from "../nn/index.ts";
import { Generator, inferenceMode, keep, scope, Tensor } from "../tensor/index.ts";
import {
  asSampled,
  BuiltGan,
  drawLatents,
  labelsFor,
  type OpenedCheckpoint,
  type RunDirectory,
  type Trainable,
} from "../training/index.ts";
import {
  type Argument,
  type Graph,
  isConstant,
  replay,
  simplified,
  type TraceOptions,
  trace,
  withArguments,
} from "./trace/index.ts";

/** Which network is written, and how it is used. */
export interface NetworkOptions {
  /** Default "generator". */
  readonly network?: "generator" | "discriminator" | undefined;
  /**
   * What the input `y` of a generator is: int64 [N], numbers of classes (default), or float [N, classes], shares of them.
   * Of data with conditions it is these, float [N, conditions].
   */
  readonly labels?: "classes" | "shares" | undefined;
  /** Averaged weights and standing statistics, where the run has them; default true. */
  readonly averaged?: boolean | undefined;
  /** Round weights to half precision. */
  readonly half?: boolean | undefined;
}

/** A network that is ready to be written. */
export interface ExportedNetwork {
  readonly kind: "generator" | "discriminator" | "classifier";
  readonly graph: Graph;
  /** What a reader of the file should know, by keys that begin with "gantry.". */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * The largest difference of an output of the graph from the network's own, on new inputs: absolute, and relative for
   * values above 1.
   */
  readonly difference: number;
}

/** The sizes of the batch for which the graph is compared with the network; tracing took none of them. */
const COMPARED = [1, 4];
/** Far more than rounding makes of any network here. */
const MOST_DIFFERENCE = 1e-2;

/**
 * A network of an opened run, on the CPU, as a graph. The caller disposes it (`disposeGraph`).
 *
 * @throws UserError for options that do not fit the run, and for a network that cannot be traced.
 */
export function exportedNetwork(
  { trained, step }: OpenedCheckpoint,
  run: RunDirectory,
  options: NetworkOptions = {},
): ExportedNetwork {
  const { network: kind = "generator", averaged = true, half = false } = options;
  const subject = kind === "generator" ? generatorOf(trained, run, options) : discriminatorOf(trained, run, options);
  const made = asSampled(trained, { averaged }, () => {
    trained.discriminator?.eval();
    try {
      return tracedAndCompared(subject, half);
    } finally {
      trained.discriminator?.train();
    }
  });
  return { kind, ...made, metadata: { ...runMetadata(trained, run, step, averaged, kind), ...numbersOf(made, half) } };
}

/** A classifier as a graph: images to `features` and `logits`. The caller disposes it. */
export function exportedClassifier(network: Classifier, info: ClassifierInfo, half = false): ExportedNetwork {
  const { channels, size } = network.options;
  const random = new Generator(0);
  const subject: TraceOptions = {
    networks: { classifier: network },
    inputs: (batch) =>
      new Map([["images", Tensor.rand([batch, channels, size, size], { generator: random }).mul(2).sub(1)]]),
    forward: (given) => new Map(Object.entries(network.forward(given.get("images")!))),
  };
  const made = inferenceMode(() => scope(() => tracedAndCompared(subject, half)));
  const metadata = {
    "gantry.version": gantryVersion(),
    "gantry.kind": "classifier",
    "gantry.classes": JSON.stringify(info.classes),
    "gantry.data": `${info.data.train}; ${info.data.test}`,
    "gantry.score": JSON.stringify({
      name: "accuracy",
      value: info.test.correct / info.test.count,
      images: info.test.count,
    }),
    ...numbersOf(made, half),
  };
  return { kind: "classifier", ...made, metadata };
}

function numbersOf({ difference }: { difference: number }, half: boolean): Record<string, string> {
  return { "gantry.difference": difference.toExponential(2), ...(half ? { "gantry.dtype": "float16 weights" } : {}) };
}

function tracedAndCompared(subject: TraceOptions, half: boolean): { graph: Graph; difference: number } {
  const whole = simplified(trace(subject));
  const unused = whole.inputs.filter(({ name }) => !isTaken(whole, name));
  const graph = { ...(half ? rounded(whole) : whole), inputs: whole.inputs.filter((input) => !unused.includes(input)) };
  const difference = Math.max(...COMPARED.map((batch) => scope(() => differenceOf(graph, subject, batch))));
  // Of weights in half precision the difference is what it is.
  if (!half && !(difference < MOST_DIFFERENCE)) {
    throw new UserError(
      `the network cannot be exported: what was traced of it gives other outputs, by ${difference}; a network must compute the ` +
        "same in every pass, from its inputs and weights alone",
    );
  }
  return { graph, difference };
}

const isTaken = ({ nodes, outputs }: Graph, name: string): boolean => {
  const within = (argument: Argument): boolean =>
    Array.isArray(argument)
      ? (argument as readonly Argument[]).some(within)
      : typeof argument === "object" && argument !== null && "name" in argument && argument.name === name;
  return nodes.some((node) => Object.values(node.arguments).some(within)) || [...outputs.values()].some(within);
};

function differenceOf(graph: Graph, subject: TraceOptions, batch: number): number {
  const inputs = subject.inputs(batch);
  const expected = subject.forward(inputs);
  const found = replay(graph, new Map(graph.inputs.map(({ name }) => [name, inputs.get(name)!])));
  const differences = [...expected].map(([name, tensor]) => {
    const scale = tensor.abs().clampMin(1);
    return tensor.sub(found.get(name)!).abs().div(scale).max().item();
  });
  return Math.max(...differences);
}

/** The graph with its matrices and kernels rounded to half precision, in float32. */
function rounded(graph: Graph): Graph {
  const change = (argument: Argument): Argument => {
    if (!isConstant(argument) || argument.tensor.dtype !== "float32" || argument.tensor.ndim < 2) return argument;
    const most = argument.tensor.abs().max().item();
    if (most > 65504) throw new UserError(`half precision ends at 65504, and \`${argument.name}\` has ${most}`);
    return { ...argument, tensor: keep(argument.tensor.half().float()) };
  };
  return { ...graph, nodes: graph.nodes.map((node) => withArguments(node, change)) };
}

function generatorOf(
  trained: Trainable,
  run: RunDirectory,
  { labels: form = "classes" }: NetworkOptions,
): TraceOptions {
  if (!trained.draws)
    throw new UserError(`${run.path}: its trainer has no \`sample\`, so there is no generator to export`);
  const { generator, shape, recipe, modules } = trained;
  const takes = generator.takesLabels;
  if (form === "shares" && (takes !== "shares" || shape.conditions !== undefined || shape.classes.length === 0)) {
    throw new UserError(`labels (=shares): the generator of ${run.path} takes no shares of classes`);
  }
  const random = new Generator(0);
  const output = "features" in shape.sample ? "samples" : "images";
  const networks: Record<string, Module> =
    trained instanceof BuiltGan ? { generator: trained.generator } : { ...modules };
  return {
    networks,
    inputs: (batch) => {
      const inputs = new Map([["z", drawLatents(trained, batch, random)]]);
      const shares = form === "shares" ? randomShares(batch, shape.classes.length, random) : undefined;
      const labels = takes === "none" ? undefined : (shares ?? labelsFor(trained, 0, batch, { random }));
      if (labels !== undefined) inputs.set("y", labels.to({ device: recipe.device }));
      return inputs;
    },
    forward: (given) => new Map([[output, generator.forward(given.get("z")!, given.get("y"))]]),
  };
}

/** float [N, classes], rows that sum to 1. */
const randomShares = (count: number, classes: number, random: Generator): Tensor =>
  Tensor.randn([count, classes], { generator: random }).softmax(1);

function discriminatorOf(trained: Trainable, run: RunDirectory, { labels: form }: NetworkOptions): TraceOptions {
  const { discriminator } = trained;
  if (discriminator === undefined) throw new UserError(`${run.path}: its trainer has no discriminator to export`);
  if (form === "shares") throw new UserError("labels (=shares): a discriminator takes numbers of classes");
  const { sample } = trained.shape;
  const random = new Generator(0);
  const { device } = trained.recipe;
  const input = "features" in sample ? "samples" : "images";
  return {
    networks: { discriminator },
    inputs: (batch) => {
      const drawn = Tensor.rand([batch, ...sampleShape({ image: sample })], { generator: random });
      const inputs = new Map([[input, drawn.mul(2).sub(1).to({ device })]]);
      const labels = labelsFor(trained, 0, batch, { random });
      if (labels !== undefined) inputs.set("y", labels);
      return inputs;
    },
    forward: (given) => {
      const { score, logits, features } = discriminator.forward(given.get(input)!, given.get("y"));
      return new Map(Object.entries({ score, logits, features }));
    },
  };
}

function runMetadata(
  trained: Trainable,
  run: RunDirectory,
  step: number,
  averaged: boolean,
  kind: "generator" | "discriminator",
): Record<string, string> {
  const { recipe, data } = run.description();
  const scored = run
    .evaluations()
    .filter((each) => each.step === step)
    .at(-1);
  const score = scored?.scores.find(({ name }) => name === scored.chosenBy) ?? scored?.scores[0];
  const { classes, conditions } = trained.shape;
  const { latentDistribution } = trained.recipe;
  return {
    "gantry.version": gantryVersion(),
    "gantry.kind": kind,
    "gantry.recipe": canonicalJson(recipe),
    "gantry.step": String(step),
    ...(kind === "generator"
      ? { "gantry.latent": String(trained.generator.latent), "gantry.latentDistribution": latentDistribution }
      : {}),
    "gantry.truncation": String(score?.protocol.drawing?.truncation ?? "none"),
    ...(classes.length > 0 ? { "gantry.classes": JSON.stringify(classes) } : {}),
    ...(conditions === undefined ? {} : { "gantry.conditions": JSON.stringify(conditions.columns) }),
    "gantry.data": data?.note ?? data?.name ?? "",
    ...(score === undefined ? {} : { "gantry.score": JSON.stringify(score) }),
    "gantry.averaged": String(averaged),
  };
}
