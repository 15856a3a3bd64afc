/** The page of the gallery: docs/gallery/README.md. */
import { entries, others } from "./entries.js";

/** @param {string[]} args */
const line = (args) => args.join(" ");

/** The page's Markdown, made of the entries alone. */
export function galleryPage() {
  const sections = entries.flatMap(({ name, title, recipe, args, text, pictures }) => [
    `## ${title}`,
    text,
    [
      "```sh",
      line(["gantry train", recipe, ...args, "--out", `runs/${name}`]),
      ...pictures.map(({ file, args: own }) => line(["gantry sample", `runs/${name}`, ...own, "--out", file])),
      "```",
    ].join("\n"),
    ...pictures.flatMap(({ file, text: caption }) => [`![${title}: ${caption}](${file})`, `*${caption}.*`]),
  ]);
  const more = others.flatMap(({ title, picture, alt, text }) => [`## ${title}`, `![${alt}](${picture})`, text]);
  const head = [
    "# Gallery",
    [
      "Samples of shipped recipes, and other pictures that Gantry draws. The runs are short, and the samples are",
      "not selected. Four runs whose images were still poor at their short length are not shown: `mnist-biggan`",
      "after 1,000 steps, and `fashion-mnist-sagan`, `fashion-mnist-sngan` and `mnist-r3gan` after 600.",
    ].join("\n"),
    [
      "In a clone, one command trains what is not trained yet, draws every picture, and writes this page. It takes",
      "about twenty minutes on one core:",
    ].join("\n"),
    ["```sh", "npm run gallery", "```"].join("\n"),
    [
      "Pictures of SNGAN, SAGAN and BigGAN stand with",
      "[their scores](../results/exploring.md#architecture-batch-size-data-set). Recipes at 64 and 128 pixels need",
      "large data sets and a GPU, and were not trained: [what each one needs](../how-to/exploring-recipes.md).",
    ].join("\n"),
  ];
  return `${[...head, ...sections, ...more].join("\n\n")}\n`;
}

/** Every picture of the page, relative to docs/gallery. */
export const pictures = [
  ...entries.flatMap((entry) => entry.pictures.map(({ file }) => file)),
  ...others.map(({ picture }) => picture),
];
