/**
 * A sweep's folder:
 *
 *     sweep.json                  what was asked for
 *     runs/<cell>-seed<n>/        ordinary run folders
 *     logs/<cell>-seed<n>.txt     what each run wrote to its standard error
 *     failures/<cell>-seed<n>.json   why a run failed
 *     claims/<cell>-seed<n>.json  which process is at work on a run
 *     table.md table.csv table.json runs.csv records.jsonl   the results as they stand
 *
 * Several processes, on several machines, can work in one folder: a run belongs to the process that holds its claim.
 */

import { existsSync, linkSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { canonicalJson } from "../../base/canonical-json.ts";
import { UserError } from "../../base/errors.ts";
import { fileError } from "../../base/file-error.ts";
import { gantryVersion } from "../../base/version.ts";
import {
  makeFolder,
  namesIn,
  readJsonFile,
  removeIfPossible,
  temporaryName,
  writeFileAtomic,
} from "../../formats/index.ts";
import { namesFile, type PlainRecipe, type Recipe, toPlainRecipe, trustFile } from "../../recipe/index.ts";
import { lockRun } from "../../training/index.ts";
import type { Sweep } from "./definition.ts";
import { recipeChanges } from "./recipe-changes.ts";

const axisSchema = z.object({
  name: z.string(),
  values: z.array(z.object({ label: z.string(), set: z.array(z.string()) })),
});

const storedSchema = z.object({
  format: z.literal(1),
  gantry: z.string(),
  /** The recipe: shipped name or absolute path. Another path to the same recipe is no other sweep. */
  source: z.string(),
  set: z.array(z.string()),
  axes: z.array(axisSchema),
  seeds: z.int().min(1),
  /** The recipe before any override, to notice that its file has changed. */
  recipe: z.record(z.string(), z.unknown()),
  /** The working folder in which it was begun: where relative paths of the recipe and of overrides begin. */
  workingFolder: z.string().optional(),
  /** CPU threads of each run, on which the bits depend; those of a sweep of an older version are not known. */
  threads: z.int().min(1).optional(),
});

type Stored = z.output<typeof storedSchema> & { recipe: PlainRecipe };

const failureSchema = z.object({ message: z.string(), time: z.string() });

/** Paths and files of one sweep. */
export class SweepFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  get #definition(): string {
    return join(this.path, "sweep.json");
  }
  /** Whether a sweep is there already. */
  get exists(): boolean {
    return existsSync(this.#definition);
  }
  /** The directory of a run. */
  run(name: string): string {
    return join(this.path, "runs", name);
  }
  /** What a run wrote to its standard error. */
  log(name: string): string {
    return join(this.path, "logs", `${name}.txt`);
  }
  #failure(name: string): string {
    return join(this.path, "failures", `${name}.json`);
  }

  /**
   * Stores a sweep's definition, or checks that the stored one is the same, except for added seeds.
   *
   * @throws UserError naming every difference when it is another, and when the folder holds something else.
   */
  define(sweep: Sweep, base: Recipe): void {
    const content = contentOf(sweep, base);
    if (!this.exists) {
      this.#refuseOther();
      // The folder names the recipe's file from now on; see recipe/trust.ts.
      if (namesFile(sweep.recipe)) trustFile(sweep.recipe);
      if (this.#create(content)) return;
    }
    const stored = this.#same(content);
    if (content.seeds > stored.seeds)
      writeFileAtomic(this.#definition, [`${JSON.stringify({ ...stored, seeds: content.seeds }, null, 2)}\n`]);
  }

  /**
   * Makes the checks of {@link define}, and writes nothing.
   *
   * @throws UserError as {@link define} does.
   */
  check(sweep: Sweep, base: Recipe): void {
    if (this.exists) this.#same(contentOf(sweep, base));
    else this.#refuseOther();
  }

  /** The stored definition, where it is the same except for added seeds. */
  #same(content: Stored): Stored {
    const stored = this.stored();
    // More seeds are more runs of the same cells.
    const found = changes(content.seeds > stored.seeds ? { ...stored, seeds: content.seeds } : stored, content);
    if (found.length === 0) return stored;
    throw new UserError(
      `${this.path} holds another sweep: ${found.join("; ")}; give another --out, or say what it was to continue it`,
    );
  }

  /** A sweep needs a folder of its own. Hidden files of another process that begins the same sweep do not count. */
  #refuseOther(): void {
    const names = namesIn(this.path).filter((name) => !name.startsWith("."));
    if (names.length === 0 || this.exists) return;
    throw new UserError(`${this.path} exists, is not empty and holds no sweep; choose another folder with --out`);
  }

  /** Whether this process has written it: when several begin at once, one writes and the others compare. */
  #create(content: Stored): boolean {
    const temporary = temporaryName(this.#definition);
    writeFileAtomic(temporary, [`${JSON.stringify(content, null, 2)}\n`]);
    try {
      // Unlike a rename, a link does not replace what is there.
      linkSync(temporary, this.#definition);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw fileError(error, "write", this.#definition);
    } finally {
      removeIfPossible(temporary);
    }
  }

  /** Where relative paths of its recipes begin. */
  get workingFolder(): string {
    return (this.exists ? this.stored().workingFolder : undefined) ?? process.cwd();
  }

  /**
   * CPU threads of each run, on which the bits depend: those that the sweep began with.
   *
   * @param wanted - What the user asks for; undefined for what there was, or `standard` in a new sweep.
   * @throws UserError when the sweep began with others than are asked for.
   */
  threads(wanted: number | undefined, standard: number): number {
    const stored = this.stored();
    if (stored.threads === undefined) {
      const threads = wanted ?? standard;
      writeFileAtomic(this.#definition, [`${JSON.stringify({ ...stored, threads }, null, 2)}\n`]);
      return threads;
    }
    if (wanted === undefined || wanted === stored.threads) return stored.threads;
    throw new UserError(
      `--threads (=${wanted}): the runs of ${this.path} have ${stored.threads}, and with another number their bits would not compare; leave --threads out, or give another --out`,
    );
  }

  /** The contents of sweep.json. */
  stored(): Stored {
    return readJsonFile(this.#definition, storedSchema);
  }

  /**
   * The sweep that is stored here.
   * @throws UserError when there is none, or its file is damaged.
   */
  sweep(): Sweep {
    if (!this.exists) throw new UserError(`${this.path} is not a sweep: it has no sweep.json`);
    const { source, set, axes, seeds } = this.stored();
    return { recipe: source, set, axes, seeds };
  }

  /**
   * Claims a run for this process. The returned function releases it.
   *
   * @throws UserError, naming the holder, when another living process has it.
   */
  claim(name: string): () => void {
    const path = join(this.path, "claims", `${name}.json`);
    makeFolder(join(this.path, "claims"));
    return lockRun(path, name);
  }

  /** Notes why a run failed. */
  writeFailure(name: string, message: string): void {
    writeFileAtomic(this.#failure(name), [`${JSON.stringify({ message, time: new Date().toISOString() })}\n`]);
  }

  /** Why a run failed; undefined when it has not. */
  failure(name: string): string | undefined {
    try {
      return failureSchema.parse(JSON.parse(readFileSync(this.#failure(name), "utf8"))).message;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "ENOENT" ? undefined : "its note of the failure is damaged";
    }
  }

  /** Forgets a failure: the run is tried again. */
  clearFailure(name: string): void {
    rmSync(this.#failure(name), { force: true });
  }

  /** Writes one of the files with results. */
  write(name: string, text: string): void {
    writeFileAtomic(join(this.path, name), [text]);
  }
}

/** A sweep as sweep.json has it. */
function contentOf({ recipe: source, set, axes, seeds }: Sweep, base: Recipe): Stored {
  return {
    format: 1,
    gantry: gantryVersion(),
    source,
    set: [...set],
    axes: axes.map(({ name, values }) => ({
      name,
      values: values.map((value) => ({ label: value.label, set: [...value.set] })),
    })),
    seeds,
    recipe: JSON.parse(JSON.stringify(toPlainRecipe(base))) as PlainRecipe,
    workingFolder: process.cwd(),
  };
}

/** The differences of two definitions, in words. */
function changes(before: Stored, after: Stored): string[] {
  const found: string[] = [];
  const differ = (what: string, first: unknown, second: unknown) => {
    if (canonicalJson(first) === canonicalJson(second)) return;
    const word = (value: unknown) =>
      value === undefined ? "none" : Array.isArray(value) ? value.join(" ") || "none" : String(value);
    found.push(`${what} was ${word(first)} there and is ${word(second)} here`);
  };
  for (const { key, before: was, after: is } of recipeChanges(before.recipe, after.recipe))
    found.push(`the recipe's \`${key}\` was ${was} there and is ${is} here`);
  differ("--set", before.set, after.set);
  const names = new Set([...before.axes, ...after.axes].map(({ name }) => name));
  for (const name of names) {
    const values = ({ axes }: Stored) => axes.find((axis) => axis.name === name)?.values;
    const labels = (stored: Stored) => values(stored)?.map(({ label }) => label);
    const [first, second] = [labels(before), labels(after)];
    if (canonicalJson(first ?? null) !== canonicalJson(second ?? null)) {
      differ(`\`${name}\``, first?.join(","), second?.join(","));
      continue;
    }
    for (const [i, { label, set }] of values(before)!.entries())
      differ(`\`${name}=${label}\``, set, values(after)![i]!.set);
  }
  if (found.length === 0)
    differ(
      "the order of the axes",
      before.axes.map(({ name }) => name),
      after.axes.map(({ name }) => name),
    );
  differ("--seeds", before.seeds, after.seeds);
  return found;
}
