#!/usr/bin/env node
/**
 * `gantry` as the pages' commands find it. It adds the settings of SHORT to commands that train, in place of those that the
 * line gives, and then is `bin/gantry.js`.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * The arguments with the settings in them.
 * @param {string[]} args
 * @param {string[]} settings
 */
function shortened(args, settings) {
  if (!["train", "resume", "sweep"].includes(args[0] ?? "")) return args;
  let left = args;
  for (const setting of settings) {
    const key = setting.split("=")[0];
    const isGiven = (/** @type {string} */ arg, /** @type {number} */ i) =>
      (arg === "--set" && left[i + 1]?.startsWith(`${key}=`)) || arg === `--${key}`;
    left = left.filter((arg, i) => !isGiven(arg, i) && !(i > 0 && isGiven(left[i - 1] ?? "", i - 1)));
    const flag = args[0] === "resume" && key === "steps" ? ["--steps", setting.slice(6)] : ["--set", setting];
    left = [...left, ...flag];
  }
  return left;
}

const entry = join(import.meta.dirname, "../../bin/gantry.js");
const settings = (process.env.SHORT ?? "").split(" ").filter(Boolean);
process.argv = [process.argv[0] ?? "node", entry, ...shortened(process.argv.slice(2), settings)];
await import(pathToFileURL(entry).href);
