/**
 * `npm run gallery:web`: three exported pages below docs/gallery/web, with a page that links to them. Trains what they show into
 * runs/gallery-web, where that is not done yet. What follows `--` goes to `gantry train`, as in `npm run gallery:web -- --steps 200`.
 */
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../setup/prepare.js";
import { gantry } from "./run-gantry.js";

const gallery = join(projectRoot, "docs/gallery/web");

/** What is shown: a recipe, changes of it, and a sentence. */
const pages = [
  {
    name: "digits",
    recipe: "mnist",
    changes: ["generator.conditional=true", "discriminator.conditional=true"],
    text: "MNIST's digits, by class.",
  },
  { name: "fashion", recipe: "fashion-mnist", changes: [], text: "Clothes of Fashion-MNIST." },
  {
    name: "mixture",
    recipe: "mixture",
    changes: ["data.arrangement=ring", "data.modes=8", "steps=6000"],
    text: "Points of eight Gaussians.",
  },
];

/**
 * The bytes below a folder.
 * @param {string} folder
 */
const sizeOf = (folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, stats) => sum + (stats.isFile() ? stats.size : 0), 0);

const items = pages.map(({ name, recipe, changes, text }) => {
  const run = join("runs/gallery-web", name);
  if (existsSync(join(projectRoot, run, "recipe.json"))) gantry(["resume", run]);
  else {
    const set = changes.flatMap((change) => ["--set", change]);
    gantry(["train", recipe, "--out", run, ...set, ...process.argv.slice(2)]);
  }
  const out = join(gallery, name);
  mkdirSync(out, { recursive: true });
  gantry(["export", run, "--to", "web", "--out", out]);
  gantry(["sample", run, "--count", recipe === "mixture" ? "2000" : "36", "--out", join(gallery, `${name}.png`)]);
  const size = `${(sizeOf(out) / 1e6).toFixed(0)} MB`;
  return `<li><a href="${name}/"><img src="${name}.png" alt="">${text}</a> ${size} before compression.</li>`;
});

writeFileSync(
  join(gallery, "index.html"),
  `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Generators that run in the browser</title>
<style>
:projectRoot { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
ul { display: flex; flex-wrap: wrap; gap: 24px; list-style: none; padding: 0 }
li { width: 260px } img { display: block; width: 100%; image-rendering: pixelated }
</style>
<h1>Generators that run in the browser</h1>
<ul>
${items.join("\n")}
</ul>
</html>
`,
);
process.stdout.write(
  `${join(gallery, "index.html")}: serve the folder, for example with \`python3 -m http.server -d docs/gallery\`\n`,
);
