/**
 * `npm run bindings`: makes `prebuilt/`, the compiled bindings that the package carries, for both supported ends of libtorch:
 * Debian 12's libtorch-dev and PyTorch's wheel. `npm pack` and `npm publish` run it. On another system than Linux on x86-64 it
 * makes none; there the package is packed without, and compiles its binding.
 *
 * `npm run bindings -- --platform` makes the folder `gantry-bindings-<platform>-<arch>` instead: a package of this machine's
 * bindings, for the libtorch that set-up finds and for the wheel. `--required` (before `npm publish`) refuses to make none.
 */
import "./setup/node-version.js";
import { parseArgs } from "node:util";
import { platformPackage, writeBindings } from "./pack/write-bindings.js";
import { thisHost } from "./setup/host.js";
import { ownPrebuiltFolder } from "./setup/prebuilt.js";
import { prepareClone } from "./setup/prepare.js";
import { main, SetupError, say } from "./setup/say.js";

/** What the package promises for Linux on x86-64, by the words of GANTRY_TORCH. */
const promised = { system: "1.13.1", pip: "2.13.0" };

const { platform, required } = parseArgs({
  options: { platform: { type: "boolean" }, required: { type: "boolean" } },
}).values;

await main(() => {
  prepareClone();
  const host = thisHost();
  if (platform) {
    const { folder, versions } = platformPackage(host, [undefined, "pip"]);
    say(`${folder} has the bindings for libtorch ${versions.join(" and ")}; npm pack ./${folder} makes the package`);
  } else if (host.platform === "linux" && host.arch === "x64") {
    writeBindings(host, promised, ownPrebuiltFolder);
  } else {
    const where = "compiled bindings for Linux on x86-64 are made on Debian 12";
    if (required) throw new SetupError(`${where}; publish from there.`);
    say(`${where}; this package carries none, and compiles its own at its first use`);
  }
});
