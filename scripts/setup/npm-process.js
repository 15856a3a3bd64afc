/** The process that runs npm, so that a killed set-up does not leave one at work in node_modules. Called with the command. */
import { runFollowing } from "./follow-parent.js";

const [program = "npm", ...args] = process.argv.slice(2);
// After SIGTERM npm would run for seconds to undo its work, and disturb the next npm.
process.exitCode = await runFollowing(program, args, process.stderr, "SIGKILL");
