/** A sub-command: citty's definition plus the examples that its help begins with, and its entry in the list of commands. */
import type { ArgsDef, CommandDef } from "citty";

/** One line of the examples in a help text. */
export interface Example {
  readonly line: string;
  readonly does: string;
}

/** A citty command that may carry examples. */
export type Command<T extends ArgsDef = ArgsDef> = CommandDef<T> & { readonly examples?: readonly Example[] };

/** Defines a sub-command; citty infers the types of `args` from the definitions. */
export function defineCommand<const T extends ArgsDef>(command: Command<T>): Command<T> {
  return command;
}

/** The value of a citty field that may be given directly or through a function. */
export async function resolved<T>(
  value: T | Promise<T> | (() => T) | (() => Promise<T>) | undefined,
): Promise<T | undefined> {
  return typeof value === "function" ? (value as () => T | Promise<T>)() : value;
}

/** A sub-command in the list of commands. */
export interface CommandEntry {
  /** What it does. It stands here, too, so that `gantry --help` loads no command and no libtorch. */
  readonly summary: string;
  load(): Promise<unknown>;
}
