/**
 * The model card: README.md of a hub folder. It begins with the YAML that the Hugging Face hub reads (its "model card
 * metadata"), with every score and the protocol that it was measured under.
 */
import { counted } from "../../base/counted.ts";
import { duration } from "../../base/duration.ts";
import { sizeInWords } from "../../base/image-size.ts";
import type { Score } from "../../metrics/index.ts";
import { HUB_FILES, type HubConfig } from "./config.ts";

/** What a card says. */
export interface CardContents {
  readonly config: HubConfig;
  /** Of the step that is exported. */
  readonly scores: readonly Score[];
  readonly parameters: number;
  /** Whether the generator takes classes or conditions. */
  readonly labelled: boolean;
  readonly averaged: boolean;
  readonly license: string;
  /** How long it was trained. */
  readonly seconds: number | undefined;
}

/** The names of datasets on the hub, by the kinds of a recipe's data. */
const HUB_DATASETS: Readonly<Record<string, string>> = {
  mnist: "ylecun/mnist",
  fashionMnist: "zalando-datasets/fashion_mnist",
  cifar10: "uoft-cs/cifar10",
  cifar100: "uoft-cs/cifar100",
  imagenet: "ILSVRC/imagenet-1k",
};

/** A text as YAML has it: JSON's strings are YAML's, except that YAML also wants these two escaped. */
const yaml = (value: unknown): string =>
  JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g, escapeCharacter);

const escapeCharacter = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** A text within Markdown: nothing in it is markup. */
const plain = (text: string): string =>
  text
    .replace(/\s+/g, " ")
    .replace(/[\\`*_{}[\]()#+!|~&<>-]/g, (mark) => (mark === "-" ? mark : `&#${mark.charCodeAt(0)};`));

/** The card. */
export function modelCard(contents: CardContents): string {
  return [...frontMatter(contents), "", ...body(contents), ""].join("\n");
}

function frontMatter({ config, scores, license }: CardContents): string[] {
  const { recipe, data, architecture } = config;
  const dataset = HUB_DATASETS[recipe.data.kind];
  const task = "unconditional-image-generation";
  const images = "size" in data.sample;
  return [
    "---",
    "library_name: gantry",
    ...(images ? [`pipeline_tag: ${task}`] : []),
    `license: ${yaml(license)}`,
    "tags:",
    ...["gan", architecture, "onnx", "gantry"].map((tag) => `- ${yaml(tag)}`),
    ...(dataset === undefined ? [] : ["datasets:", `- ${dataset}`]),
    ...(scores.length === 0 ? [] : ["metrics:", ...scores.map(({ name }) => `- ${yaml(name)}`)]),
    // Without results the hub has nothing to index.
    ...(scores.length === 0
      ? []
      : [
          "model-index:",
          `- name: ${yaml(recipe.name)}`,
          "  results:",
          "  - task:",
          `      type: ${images ? task : "other"}`,
          "    dataset:",
          `      name: ${yaml(data.name)}`,
          `      type: ${yaml(dataset ?? recipe.data.kind)}`,
          "    metrics:",
          ...scores.flatMap(metricLines),
        ]),
    "---",
  ];
}

function metricLines({ name, value, std, over, better, protocol }: Score): string[] {
  return [
    // With the network of the features where it is not Inception's: the hub must not rank it among others.
    `    - type: ${yaml(name)}`,
    `      name: ${yaml(name)}`,
    // An undefined value is null, as in JSON.
    `      value: ${yaml(Number.isNaN(value) ? null : value)}`,
    `      args: ${yaml({ better, ...(std === undefined ? {} : { std, over }), protocol })}`,
  ];
}

function body(contents: CardContents): string[] {
  const { config, scores, parameters, labelled, averaged, license, seconds } = contents;
  const { recipe, data, architecture, step, version, engine } = config;
  const { sample, classes, conditions } = data;
  const images = "size" in sample;
  const form = images
    ? `images of ${sizeInWords(sample.size)} pixels and ${counted(sample.channels, "channel")}`
    : `vectors of ${sample.features} numbers`;
  const labels =
    conditions !== undefined
      ? `${conditions.length} conditions (${conditions.map(({ name }) => plain(name)).join(", ")})`
      : classes.length > 0
        ? `the classes ${classes.slice(0, 20).map(plain).join(", ")}${classes.length > 20 ? ` and ${classes.length - 20} more` : ""}`
        : "no classes";
  const time = seconds === undefined ? "" : `, in ${duration(seconds)}`;
  return [
    `# ${plain(recipe.name)}`,
    "",
    `A generator of ${form}: ${plain(architecture)}, ${parameters.toLocaleString("en")} parameters, trained as a GAN on`,
    `${plain(data.name)} (${data.count === 0 ? "samples without end" : `${data.count.toLocaleString("en")} samples`}, ${labels}).`,
    "",
    `![Samples, not selected](${HUB_FILES.samples})`,
    "",
    `*Samples of seed 0, not selected, without truncation${averaged ? ", with averaged weights where training kept them" : ""}.*`,
    "",
    "## Use",
    "",
    "    gantry import <this folder> --out runs/imported",
    "    gantry sample runs/imported --seed 7",
    "",
    `Or \`${HUB_FILES.onnx}\` with any runtime for ONNX: \`z\` is [N, latent], drawn from`,
    `the ${recipe.latentDistribution === "normal" ? "normal distribution" : "uniform distribution on [-1, 1]"}; ${
      labelled
        ? `${conditions === undefined ? "`y`, int64 [N], has the numbers of classes" : "`y`, [N, conditions], has the values of conditions, scaled as in training"}; `
        : ""
    }${images ? "the images are in [-1, 1]" : "`samples` are the vectors"}.`,
    "",
    "## Training",
    "",
    `${step.toLocaleString("en")} updates of the generator, batches of ${recipe.batchSize}${time}, by Gantry ${version} on libtorch ${engine.libtorch ?? "unknown"}.`,
    "The whole recipe:",
    "",
    "```json",
    JSON.stringify(config.training, null, 2).replaceAll("```", "\\u0060\\u0060\\u0060"),
    "```",
    "",
    "## Scores",
    "",
    ...scoreLines(scores),
    "",
    "## Limits",
    "",
    "- The generator makes samples like its training data, with the errors, gaps and preferences of these data.",
    "- Samples are not checked: some are malformed, and one may resemble a training image.",
    `- ${images ? "It makes this size of image and no other" : "It makes vectors of this length"}.`,
    ...(conditions === undefined
      ? []
      : [
          `- \`${HUB_FILES.conditions}\` holds the conditions of every training image, because samples take theirs from them.`,
        ]),
    ...(license === "unknown"
      ? ["- No licence was chosen for these weights. The data have a licence of their own."]
      : []),
  ];
}

function scoreLines(scores: readonly Score[]): string[] {
  if (scores.length === 0) return ["It was not scored at this step."];
  return [
    "| score | value | better | generated | real | features |",
    "| --- | ---: | --- | ---: | --- | --- |",
    ...scores.map(({ name, value, std, better, protocol }) => {
      const shown = `${Number(value.toPrecision(5))}${std === undefined ? "" : ` ± ${Number(std.toPrecision(2))}`}`;
      const real =
        protocol.real === null ? "none" : `${plain(protocol.real.name)}, ${protocol.real.count ?? "unknown"}`;
      return `| ${plain(name)} | ${shown} | ${better} | ${protocol.fakeCount} | ${real} | ${plain(protocol.features)} |`;
    }),
    "",
    "Scores of other protocols cannot be compared with these. The full protocol of each is in the front matter of this card.",
  ];
}
