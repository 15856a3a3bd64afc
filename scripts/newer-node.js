/**
 * `node scripts/newer-node.js`: installs Node 24 into the cache, if it is not there, and prints the folder of its program.
 * CI puts that folder first on PATH for one of its two runs of the tests. The npm packages used here hold nothing but Node's
 * own binary for one platform, and run no script when they are installed.
 */
import "./setup/node-version.js";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, thisHost } from "./setup/host.js";
import { main, SetupError, say } from "./setup/say.js";

const version = "24.22.1";
const name = `node-${process.platform}-${process.arch}`;

await main(() => {
  const folder = join(cacheFolder(thisHost()), `node-${version}`);
  if (!existsSync(folder)) {
    const unfinished = `${folder}-${process.pid}`;
    say(`installing Node ${version} into ${folder}`);
    mkdirSync(unfinished, { recursive: true });
    const args = ["install", "--prefix", unfinished, "--no-audit", "--no-fund", "--loglevel=error"];
    const { status } = spawnSync("npm", [...args, `${name}@${version}`], { stdio: ["ignore", 2, 2] });
    if (status !== 0) {
      rmSync(unfinished, { recursive: true, force: true });
      throw new SetupError(`npm could not install ${name} ${version}; its messages are above.`);
    }
    renameSync(unfinished, folder);
  }
  process.stdout.write(`${join(folder, "node_modules", name, "bin")}\n`);
});
