/** `gantry doctor`: what Gantry runs on, how fast that is, and what is wrong with it. Ends with 1 if it cannot run. */
import { defineCommand } from "./command.ts";
import { examine } from "./doctor/examine.ts";
import { reportText } from "./doctor/print.ts";

/**
 * The subcommand, for the command line to mount.
 *
 * @example
 * defineCommand({ subCommands: { doctor } });
 */
export const doctor = defineCommand({
  meta: { name: "doctor", description: "Report on libtorch, BLAS, processor, devices and their speed" },
  args: {
    json: { type: "boolean", description: "Print the report as JSON", default: false },
  },
  examples: [
    { line: "gantry doctor", does: "what Gantry runs on, and how fast that is" },
    { line: "gantry doctor --json", does: "the same for a program" },
  ],
  run({ args }) {
    const report = examine();
    process.stdout.write(
      args.json ? `${JSON.stringify(report, (_, value) => value ?? null, 2)}\n` : reportText(report),
    );
    if (!report.ok) process.exitCode = 1;
  },
});
