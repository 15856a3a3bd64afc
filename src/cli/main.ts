/** Entry of the command line: `bin/gantry.js` imports this file. */
import { outliveOutput } from "./output.ts";
import { shell } from "./shell.ts";

outliveOutput();

// Not process.exit: what is still in the pipes is written first.
process.exitCode = await shell(process.argv.slice(2));
