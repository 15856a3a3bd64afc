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
    "Samples of shipped recipes and other pictures that Gantry draws. No picture was selected from several. The runs are short; each section says how long. In a clone, one command trains what is not trained yet, draws every picture, and writes this page:",
    ["```sh", "npm run gallery", "```"].join("\n"),
    "Recipes at 32 pixels on CIFAR-10: [pictures of six architectures](../results/exploring.md#architecture-batch-size-data-set). The other recipes need large data sets and a GPU, and were not trained: [what each one needs](../how-to/exploring-recipes.md).",
  ];
  return `${[...head, ...sections, ...more].join("\n\n")}\n`;
}
