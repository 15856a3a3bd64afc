/**
 * Refuses a Node that Gantry does not support, in one sentence. Import this file first: it must run before anything that
 * an old Node lacks is called. It may itself use only what every Node with ES modules understands.
 */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
// The same as "engines" in package.json.
if (!(major >= 24 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19))) {
  process.stderr.write(
    `gantry: Node ${process.versions.node} is not supported: Gantry needs Node 20.19, 22.12, 24 or newer (https://nodejs.org, or a version manager such as nvm).\n`,
  );
  process.exit(1);
}
