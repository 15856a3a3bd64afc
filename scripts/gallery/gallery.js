/**
 * `npm run gallery [-- NAME ...]`: trains what docs/gallery shows, where that is not done yet, draws its pictures and writes
 * its page. A run that was stopped is continued. With names, only these entries.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../setup/prepare.js";
import { entries } from "./entries.js";
import { galleryPage } from "./page.js";
import { gantry } from "./run-gantry.js";

const gallery = join(projectRoot, "docs/gallery");

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !entries.some((entry) => entry.name === name));
if (unknown.length > 0) {
  const names = entries.map(({ name }) => name).join(", ");
  process.stderr.write(`the gallery has no entry ${unknown.join(", ")}; it has ${names}\n`);
  process.exit(2);
}

mkdirSync(gallery, { recursive: true });
for (const { name, recipe, args, pictures } of entries) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const run = join("runs/gallery", name);
  if (existsSync(join(projectRoot, run, "recipe.json"))) gantry(["resume", run]);
  else gantry(["train", recipe, ...args, "--out", run]);
  for (const picture of pictures) gantry(["sample", run, ...picture.args, "--out", join(gallery, picture.file)]);
}
writeFileSync(join(gallery, "README.md"), galleryPage());
