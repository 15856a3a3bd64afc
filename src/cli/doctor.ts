/** `gantry doctor`: reports the engine, its speed and its problems. Ends with exit code 1 if Gantry cannot run. */
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
  meta: { name: "doctor", description: "Reports libtorch, BLAS, processor, devices and their speed." },
  args: { json: { type: "boolean", description: "print the report as JSON", default: false } },
  examples: [
    { line: "gantry doctor", does: "the engine, the devices and their speed" },
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
