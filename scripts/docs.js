/**
 * `npm run docs`: builds the site of the documentation and serves it on this machine. What is built needs no network, and is
 * published by copying the folder to any static server, into any path.
 *
 *     npm run docs                                    # builds into site/out and serves it at http://localhost:4173
 *     npm run docs -- --out FOLDER --no-serve         # only builds
 *     npm run docs -- --no-api                        # without the API reference: in a quarter of the time
 *     npm run docs -- --port 8080
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import "./setup/node-version.js";
import { ensurePackages } from "./setup/packages.js";
import { prepareClone, projectRoot } from "./setup/prepare.js";
import { runChild } from "./setup/run-child.js";
import { main, SetupError, say } from "./setup/say.js";

/** The options; npm shows what is thrown. */
function given() {
  try {
    const options = /** @type {const} */ ({
      out: { type: "string", default: join(projectRoot, "site/out") },
      port: { type: "string", default: "4173" },
      serve: { type: "boolean", default: true },
      api: { type: "boolean", default: true },
    });
    const { values } = parseArgs({ options, allowNegative: true });
    if (!/^\d+$/.test(values.port)) throw new Error(`--port (=${values.port}) must be a number`);
    return { out: resolve(values.out), port: Number(values.port), serve: values.serve, api: values.api };
  } catch (error) {
    throw new SetupError(/** @type {Error} */ (error).message);
  }
}

await main(async () => {
  const { out, port, serve, api } = given();
  prepareClone();
  const site = join(projectRoot, "site");
  ensurePackages(site);
  say("building the site (a minute or two)");
  await runChild([join(site, "build.js"), out, ...(api ? [] : ["--no-api"])], { cwd: projectRoot });
  if (!serve || process.exitCode) return;
  const { preview } = await import("vite");
  const server = await preview({
    configFile: false,
    logLevel: "error",
    appType: "mpa",
    build: { outDir: out },
    preview: { port, open: false },
  });
  say(`the site: ${server.resolvedUrls?.local[0] ?? `http://localhost:${port}`} (Ctrl-C ends it)`);
});
