/**
 * Runs the sub-commands: loads only the one that was asked for, checks its flags, runs it, and turns an error into one line
 * and an exit code.
 */
import { runCommand } from "citty";
import { suggestion } from "../base/errors.ts";
import { gantryVersion } from "../base/version.ts";
import { type Command, resolved } from "./command.ts";
import { commandGroups, commands } from "./commands.ts";
import { asFailure, exitCodeOf, exitCodes, failureText, UsageError } from "./errors.ts";
import { type Parsed, parseStrictly } from "./flags.ts";
import { commandUsage, mainUsage } from "./usage.ts";

/** The width of help texts. A terminal that does not know its width says 0. */
const columns = (): number => Math.max(30, Math.min(process.stdout.columns || 80, 80));

function unknownCommand(name: string, known: readonly string[], path: string): UsageError {
  return new UsageError(`unknown command \`${path} ${name}\`${suggestion(name, known)}`);
}

/** Follows sub-commands of sub-commands (`data get`) as far as the arguments name them. */
async function descend(command: Command, path: string, args: string[]): Promise<[Command, string, string[]]> {
  const inner = await resolved(command.subCommands);
  const name = args[0];
  if (!inner || name === undefined || name.startsWith("-")) return [command, path, args];
  const next = inner[name];
  if (next) return descend((await resolved(next)) as Command, `${path} ${name}`, args.slice(1));
  if (command.run) return [command, path, args];
  throw unknownCommand(name, Object.keys(inner), path);
}

const asksHelp = (args: readonly string[]) => {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? undefined : end).some((arg) => arg === "--help" || arg === "-h");
};

/** A command line that was read: its command, that command's full name, and the arguments that are left for it. */
interface CommandLine {
  readonly command: Command;
  readonly path: string;
  readonly rest: string[];
}

/** @throws UsageError when there is no such command. */
async function commandOf([name = "", ...args]: readonly string[]): Promise<CommandLine> {
  if (name.startsWith("-"))
    throw new UsageError(`unknown flag ${name}; the command comes first: gantry <command> ${name}`);
  const entry = commands[name];
  if (!entry || !Object.hasOwn(commands, name)) throw unknownCommand(name, Object.keys(commands), "gantry");
  const [command, path, rest] = await descend((await entry.load()) as Command, `gantry ${name}`, args);
  return { command, path, rest };
}

/** Checks the arguments against what the command defines. */
async function checked({ command, path, rest }: CommandLine): Promise<Parsed> {
  const definitions = (await resolved(command.args)) ?? {};
  if (!command.run) {
    const inner = Object.keys((await resolved(command.subCommands)) ?? {});
    throw new UsageError(`${path} needs a command: ${inner.join(", ")}; see ${path} --help`);
  }
  return parseStrictly(rest, definitions, path);
}

/**
 * Reads a command line without running it.
 * @throws UsageError as {@link shell} would say it.
 *
 * @example
 * await parseLine(["train", "mnist", "--steps", "9"]); // path: "gantry train", positionals: ["mnist"], values: { steps: ["9"] }
 */
export async function parseLine(argv: readonly string[]): Promise<CommandLine & Parsed> {
  const line = await commandOf(argv);
  return { ...line, ...(await checked(line)) };
}

async function dispatch(argv: readonly string[]): Promise<number> {
  const args = argv[0] === "help" ? [...argv.slice(1), "--help"] : [...argv];
  const name = args[0];
  if (name === undefined || name === "--help" || name === "-h") {
    process.stdout.write(mainUsage(commandGroups, gantryVersion(), columns()));
    return exitCodes.success;
  }
  if (name === "--version" || name === "-v") {
    process.stdout.write(`${gantryVersion()}\n`);
    return exitCodes.success;
  }
  const line = await commandOf(args);
  if (asksHelp(line.rest)) {
    process.stdout.write(await commandUsage(line.command, line.path, columns()));
    return exitCodes.success;
  }
  await checked(line);
  const { subCommands: _, ...own } = line.command;
  const { result } = await runCommand(own, { rawArgs: line.rest });
  return typeof result === "number" ? result : Number(process.exitCode ?? exitCodes.success);
}

/**
 * Runs `gantry` with the given arguments and gives its exit code; errors are printed, not thrown.
 *
 * @example
 * process.exitCode = await shell(["train", "mnist", "--set", "steps=200"]);
 */
export async function shell(argv: readonly string[]): Promise<number> {
  const stack = argv.includes("--stack") || process.env.GANTRY_STACK === "1";
  try {
    // For this process and those that it starts.
    if (argv.includes("--trust")) process.env.GANTRY_TRUST = "1";
    return await dispatch(argv.filter((arg) => arg !== "--stack" && arg !== "--trust"));
  } catch (error) {
    if (argv.includes("--json")) {
      process.stdout.write(`${JSON.stringify({ event: "error", message: asFailure(error).message })}\n`);
    }
    // A studio that training has started has no output of its own.
    if (argv[0] === "studio" && process.connected) process.send!({ error: asFailure(error).message });
    process.stderr.write(`${failureText(error, stack)}\n`);
    return exitCodeOf(error);
  }
}
