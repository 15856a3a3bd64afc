/** The process that runs npm, so that a killed set-up does not leave one at work in node_modules. Called with the command. */
import { runFollowing } from "./follow-parent.js";

const [program = "npm", ...args] = process.argv.slice(2);
// Asked politely, npm goes on for seconds, undoing what it did, and gets in the way of the next.
process.exitCode = await runFollowing(program, args, process.stderr, "SIGKILL");
