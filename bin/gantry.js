#!/usr/bin/env node
/** The command `gantry`. In a clone it brings node_modules and dist/ up to date first; an installed package is complete. */
import "../scripts/setup/node-version.js";
import { isClone, prepareClone } from "../scripts/setup/prepare.js";
import { main } from "../scripts/setup/say.js";

await main(async () => {
  if (isClone()) prepareClone();
  await import("../dist/cli/main.js");
});
