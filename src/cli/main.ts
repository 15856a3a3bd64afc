/** Entry of the command line: `bin/gantry.js` imports this file. */
import { shell } from "./shell.ts";

// A reader that goes away (`gantry ... | head`) must not end a training that is still writing its run folder.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

// Not process.exit: what is still in the pipes is written first.
process.exitCode = await shell(process.argv.slice(2));
