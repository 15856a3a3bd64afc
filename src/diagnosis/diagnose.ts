/** Looks for the usual faults of GANs in what a run has written. */
import { UserError } from "../base/errors.ts";
import type { Finding, Measured, Outcome } from "./check.ts";
import { Evidence } from "./evidence.ts";
import { checks } from "./registry.ts";

/** A fault with what shows it. */
export interface Diagnosed extends Finding {
  readonly name: string;
  readonly title: string;
  /** The page that explains it: a file in docs/ with its heading. */
  readonly page: string;
  /** What was measured about remedies, with the page that says so; empty where nothing was. */
  readonly measured: readonly Measured[];
}

/** The result of all checks. */
export interface Diagnosis {
  /** Steps done at the newest line of the log. */
  readonly step: number;
  /** Lines of the log that cannot be read: half a line after a crash, damage, another program's. */
  readonly unreadable: number;
  readonly findings: readonly Diagnosed[];
  /** Names of the checks that found nothing. */
  readonly clear: readonly string[];
  /** Checks that could not be made, and why. */
  readonly unknown: readonly { readonly name: string; readonly title: string; readonly reason: string }[];
}

/**
 * Makes every check. The run may be training, finished or failed; nothing of it is changed, but for pictures in its folder
 * `diagnosis`.
 *
 * @param path - The run's folder.
 * @throws UserError when it is no run, or no line of its log can be read.
 *
 * @example
 * for (const { title, since, evidence } of (await diagnose("runs/digits")).findings) console.log(title, since, evidence);
 */
export async function diagnose(path: string): Promise<Diagnosis> {
  const run = new Evidence(path);
  const findings: Diagnosed[] = [];
  const clear: string[] = [];
  const unknown: { name: string; title: string; reason: string }[] = [];
  for (const check of checks) {
    const { name, title, measured } = check;
    const outcome = await looked(() => check.look(run));
    if (outcome === "clear") clear.push(name);
    else if ("unknown" in outcome) unknown.push({ name, title, reason: outcome.unknown });
    else findings.push({ name, title, page: `how-to/diagnose.md#${name}`, measured, ...outcome });
  }
  return { step: run.step, unreadable: run.unreadable, findings, clear, unknown };
}

/** Data that are not there, or a damaged picture, cost the check that needs them. */
async function looked(look: () => Outcome | Promise<Outcome>): Promise<Outcome> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof UserError) return { unknown: error.message };
    throw error;
  }
}
