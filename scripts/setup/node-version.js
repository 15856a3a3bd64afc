/**
 * Refuses a Node that is too old, in one sentence. Import this file first: it must run before anything that an old
 * Node lacks is called, and it may itself use only what every Node with ES modules understands.
 */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 9)) {
  process.stderr.write(
    `gantry: Node ${process.versions.node} is too old: Gantry needs Node 20.9 or newer (https://nodejs.org, or a version manager such as nvm).\n`,
  );
  process.exit(1);
}
