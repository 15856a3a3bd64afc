/** `gantry completion`: the script that lets a shell complete Gantry's commands, and the words that it offers. */
import { resolve } from "node:path";
import { defineCommand } from "./command.ts";
import { type CommandTable, candidates } from "./completion/candidates.ts";
import { completionScript, shells } from "./completion/scripts.ts";
import { UsageError } from "./errors.ts";
import { positionalsOf } from "./flags.ts";
import { programName, quoted } from "./program.ts";

const args = {
  shell: { type: "positional", required: true, description: `${shells.join(", ")}` },
  typed: {
    type: "positional",
    required: false,
    valueHint: "WORD...",
    description: "of the scripts: `words -- WORD...` prints what the last of these words can become",
  },
} as const;

/** How the script calls Gantry: by its name where that is on the PATH, else by this very file. */
function program(): string {
  const name = programName();
  return name === "gantry" ? name : `${quoted(process.execPath)} ${quoted(resolve(process.argv[1]!))}`;
}

/** The command, for the shell to mount, with all commands there are. */
export function completionCommand(commands: CommandTable) {
  return defineCommand({
    meta: {
      name: "completion",
      description: "Prints a script that completes commands, flags, recipes and run folders.",
    },
    args,
    examples: [
      { line: 'eval "$(gantry completion bash)"', does: "in ~/.bashrc" },
      { line: 'eval "$(gantry completion zsh)"', does: "in ~/.zshrc, after compinit" },
      { line: "gantry completion fish | source", does: "in ~/.config/fish/config.fish" },
    ],
    async run({ args: { shell }, rawArgs }) {
      if (shell === "words") {
        const found = await candidates(commands, positionalsOf(rawArgs, args).slice(1));
        process.stdout.write(found.map(({ word, about }) => `${word}\t${about}\n`).join(""));
      } else {
        const known = shells.find((name) => name === shell);
        if (known === undefined) throw new UsageError(`the shell (=${shell}) must be ${shells.join(", ")}`);
        process.stdout.write(completionScript(known, program()));
      }
    },
  });
}
