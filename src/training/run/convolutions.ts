/**
 * The algorithms by which a run computes its convolutions. They are measured once per machine, and every run keeps those that
 * it began with: a resumed run has the same bits, also after another measurement.
 *
 *     <cache>/convolutions/<version, processor, engine, threads>.json    what was measured on this machine
 *     <run>/convolutions.json                                            what this run uses
 */
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { canonicalJson } from "../../base/canonical-json.ts";
import { gantryVersion } from "../../base/version.ts";
import { cacheFolder, sha256 } from "../../data/index.ts";
import { checkedJson, readJsonFile, requireIntact, writeFileAtomic } from "../../formats/index.ts";
import {
  type ConvolutionChoices,
  type ConvolutionMode,
  convolutionChoiceCount,
  convolutionChoices,
  convolutionSecondsMeasuring,
  engineSummary,
  setConvolutionChoices,
  setConvolutionMode,
  setCudnnBenchmark,
} from "../../tensor/index.ts";

const schema = z.object({
  format: z.literal(1),
  /** What the measurements belong to, for a reader. */
  machine: z.record(z.string(), z.union([z.string(), z.number()])),
  choices: z.record(z.string(), z.string()),
});

/** What a measurement depends on besides the convolution. Another version of Gantry may have other algorithms, or faster ones. */
function machine(): Record<string, string | number> {
  return { gantry: gantryVersion(), processor: cpus()[0]?.model.trim() ?? "unknown", ...engineSummary() };
}

/** The file of this machine's measurements. */
export function measuredConvolutionsFile(): string {
  return join(cacheFolder(), "convolutions", `${sha256(canonicalJson(machine())).slice(0, 16)}.json`);
}

/**
 * The choices in a file; none where it is missing.
 * @throws UserError when it is damaged.
 */
export function readConvolutions(file: string): ConvolutionChoices {
  return existsSync(file) ? readJsonFile(file, schema, requireIntact).choices : {};
}

/** The choices of one run, from the beginning of a session to its end. */
export class RunConvolutions {
  readonly #file: string;
  readonly #measures: boolean;
  readonly #note: (text: string) => void;
  /** How many of the choices need no measurement: the run's own and the machine's. */
  readonly #known: number;
  #kept: number;

  /**
   * Sets the mode and the table of this process. What the run has stored wins over what the machine has measured.
   *
   * @param folder - Of the run.
   * @param note - Called once when measuring took time.
   */
  constructor(mode: ConvolutionMode, folder: string, note: (text: string) => void = () => {}) {
    this.#file = join(folder, "convolutions.json");
    this.#note = note;
    this.#measures = mode !== "rules";
    setConvolutionMode(mode);
    setCudnnBenchmark(mode === "measure");
    const own = readConvolutions(this.#file);
    const known = { ...measuredBefore(), ...own };
    if (this.#measures) setConvolutionChoices(known);
    this.#known = Object.keys(known).length;
    this.#kept = Object.keys(own).length;
  }

  /** Stores what was measured since the last call, for the run and for later runs on this machine. */
  keep(): void {
    if (!this.#measures || convolutionChoiceCount() === this.#kept) return;
    const choices = convolutionChoices();
    const measured = Object.keys(choices).length - this.#known;
    if (this.#kept === 0 && measured > 0) {
      const seconds = convolutionSecondsMeasuring().toFixed(1);
      this.#note(`the fastest algorithms for ${measured} convolutions were measured in ${seconds} s`);
    }
    write(this.#file, choices);
    try {
      // Of two processes that measured at the same time, the first to write is right for both.
      write(measuredConvolutionsFile(), { ...choices, ...measuredBefore() });
    } catch {
      // A cache that cannot be written costs the next run a measurement, and this one nothing.
    }
    this.#kept = Object.keys(choices).length;
  }

  /** Ends the session: other work of this process measures nothing. */
  end(): void {
    this.keep();
    setConvolutionMode("rules");
    setCudnnBenchmark(false);
  }
}

/** What this machine has measured; nothing where the cache cannot be read: it is measured again. */
function measuredBefore(): ConvolutionChoices {
  try {
    return readConvolutions(measuredConvolutionsFile());
  } catch {
    return {};
  }
}

function write(file: string, choices: ConvolutionChoices): void {
  writeFileAtomic(file, [checkedJson({ format: 1, machine: machine(), choices })]);
}
