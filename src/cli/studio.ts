/** `gantry studio`: serves the page that shows runs while they are trained. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { UserError } from "../base/errors.ts";
import { visible } from "../base/visible.ts";
import type { RunningStudio } from "../studio/index.ts";
import { defineCommand } from "./command.ts";
import { exitCodes } from "./errors.ts";
import { flag, wholeNumber } from "./flags.ts";
import { near, programName } from "./program.ts";

const args = {
  folder: {
    type: "positional",
    required: false,
    description: "the folder whose runs are shown, or one run; default: runs",
  },
  port: flag("N", "the port to listen on, 0 for any; default: the first free one from 7077 on"),
  host: flag(
    "ADDRESS",
    "the address to listen on, such as 0.0.0.0 for all; default: 127.0.0.1, which only this machine can reach",
  ),
  open: { type: "boolean", description: "open the page in the browser" },
  json: { type: "boolean", description: "print the address as one JSON object instead of text" },
} as const;

/** Milliseconds for which a studio that training started waits for a page after the last one was closed. */
const GRACE = 60_000;

/** The command, for the shell to mount. */
export const studio = defineCommand({
  meta: {
    name: "studio",
    description:
      "Shows runs in the browser, live: curves, samples, settings, comparisons; draws samples; stops runs. Training need not know of it.",
  },
  args,
  examples: [
    { line: "gantry studio", does: "all runs below runs/" },
    { line: "gantry studio sweeps/floor", does: "the runs of a sweep" },
    { line: "gantry studio --host 0.0.0.0 --port 8000", does: "for other machines too, with the token of the address" },
  ],
  async run({ args: flags }) {
    const port = wholeNumber("--port", flags.port, 0);
    if (port !== undefined && port > 65_535) throw new UserError(`--port (=${port}) must be at most 65535`);
    const folder = flags.folder ?? "runs";
    if (flags.folder === undefined && !existsSync(folder)) {
      throw new UserError("there is no folder `runs` here; name the folder with your runs: gantry studio DIR");
    }
    const { serveStudio } = await import("../studio/index.ts");
    const running = await serveStudio({ folder, port, host: flags.host, program: programName() });
    if (process.connected) return untilTrainingEnds(running);
    // Before the line that says what Ctrl-C does.
    const ended = new Promise<void>((end) => {
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => end());
    });
    const { address } = running;
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ event: "studio", address, folder: resolve(folder) })}\n`
        : textOf(running, folder),
    );
    if (flags.open) openBrowser(address);
    await ended;
    await running.close();
    return exitCodes.success;
  },
});

/** The address, and with `--host` what it gives away. */
function textOf({ address, exposed }: RunningStudio, folder: string): string {
  const lines = [`Runs of ${visible(near(resolve(folder)))}: ${address}`];
  if (exposed) {
    lines.push(
      "Other machines can reach this address. Whoever has it can read every run of this folder, stop those that are",
      "trained, and draw samples with the networks of each. The connection is not encrypted.",
    );
  }
  return `${[...lines, "Ctrl-C ends the studio; training goes on."].join("\n")}\n`;
}

/**
 * A studio that `gantry train --studio` has started. It ends with training, but stays while a page is open: until none
 * has been for a minute.
 */
async function untilTrainingEnds(running: RunningStudio): Promise<number> {
  process.send!({ address: running.address });
  await new Promise<void>((over) => process.once("disconnect", () => over()));
  while (running.pages() > 0 || (running.hadPages() && running.idle() < GRACE)) {
    await new Promise((wait) => setTimeout(wait, 500));
  }
  await running.close();
  return exitCodes.success;
}

function openBrowser(address: string): void {
  const program = process.platform === "darwin" ? "open" : "xdg-open";
  const child = spawn(program, [address], { stdio: "ignore", detached: true });
  child.on("error", () => process.stderr.write(`gantry: ${program} is not installed; open the address yourself\n`));
  child.unref();
}
