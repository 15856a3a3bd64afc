/**
 * What the studio's server sends to its page. Both sides import these types; this file imports nothing.
 *
 * Numbers of a log that are not finite are null, as in JSON. Texts come from files and are shown as text only.
 */

/** What a run is doing, or how its last session ended. `lost`: its process ended without a word, as a killed one does. */
export type RunState = "preparing" | "training" | "stopping" | "finished" | "stopped" | "failed" | "lost" | "untrained";

/** A run in the list of runs. */
export interface RunSummary {
  /** Its folder, relative to the studio's; "." is that folder itself. */
  readonly id: string;
  readonly name: string;
  /** The shipped recipe or file that it was started from. */
  readonly source: string;
  readonly state: RunState;
  /** Why it failed, or why it cannot be read. */
  readonly why?: string | undefined;
  readonly step: number;
  /** Steps of the whole run; absent while that is not known. */
  readonly total?: number | undefined;
  /** Seconds left at the recent speed; absent unless it trains. */
  readonly eta?: number | undefined;
  readonly imagesPerSecond?: number | undefined;
  /** Seconds of training. */
  readonly seconds: number;
  /** When its last session began, ISO 8601. */
  readonly began?: string | undefined;
  /** The chosen score: its best value, and the values that compare with it, oldest first. */
  readonly score?: ScoreTrend | undefined;
  /** The step of its newest sample grid. */
  readonly newestSamples?: number | undefined;
  /** Its settings by dotted path, as `optimizers.generator.lr`. */
  readonly settings: Readonly<Record<string, string>>;
  /** Grows with every change. */
  readonly version: number;
}

/** The best value of a score and how it came about. */
export interface ScoreTrend {
  readonly name: string;
  readonly better: "lower" | "higher";
  readonly best: number;
  readonly bestStep: number;
  readonly points: readonly (readonly [step: number, value: number])[];
}

/** One setting of a run. */
export interface Setting {
  readonly path: string;
  readonly value: string;
  /** Its default, where it has one and that is another. */
  readonly standard?: string | undefined;
}

/** The values of one score under one protocol. */
export interface ScoreSeries {
  readonly name: string;
  readonly better: "lower" | "higher";
  /** What the values depend on, in words. */
  readonly protocol: string;
  /** The newest protocol of this score; older ones do not compare with it. */
  readonly current: boolean;
  readonly points: readonly ScorePoint[];
  readonly bestStep?: number | undefined;
}

/** One value of a score. */
export interface ScorePoint {
  readonly step: number;
  /** null where it is undefined. */
  readonly value: number | null;
  readonly std?: number | undefined;
}

/** A line of the log about a session. */
export interface RunLine {
  readonly event: string;
  readonly step: number;
  readonly time?: string | undefined;
  readonly message?: string | undefined;
}

/** A run by itself, without its curves. */
export interface RunDetails {
  readonly summary: RunSummary;
  /** The absolute path of its folder, for commands. */
  readonly path: string;
  readonly settings: readonly Setting[];
  /** The first digits of the recipe's hash. */
  readonly hash: string;
  readonly overrides: readonly string[];
  readonly from?: string | undefined;
  readonly engine: Readonly<Record<string, string>>;
  readonly data?: DataDetails | undefined;
  readonly scores: readonly ScoreSeries[];
  readonly events: readonly RunLine[];
  /** Steps that have a sample grid. */
  readonly samples: readonly number[];
  readonly checkpoints: readonly number[];
  /** The length of the grids' rows in samples. */
  readonly columns: number;
  /** Samples in a grid. */
  readonly samplesPerGrid: number;
}

/** What a run is trained on. */
export interface DataDetails {
  readonly name: string;
  readonly count: number;
  readonly classes: readonly string[];
  /** Side, or height and width, and channels of its images; absent for vectors. */
  readonly size?: number | { readonly height: number; readonly width: number } | undefined;
  readonly channels?: number | undefined;
  readonly features?: number | undefined;
}

/**
 * The numbers of a log over its steps. Long logs are thinned: each point is the mean of `stride` lines and stands at the
 * last of their steps.
 */
export interface Curves {
  /** Another number means that earlier points have changed: all of them are sent. */
  readonly generation: number;
  /** The place of the first point that is sent. */
  readonly from: number;
  readonly stride: number;
  /** The last step of each point. */
  readonly steps: readonly number[];
  /** Values by name, null where a line has none. */
  readonly values: Readonly<Record<string, readonly (number | null)[]>>;
  /** Names that were left out because there are too many. */
  readonly omitted: number;
}

/** One number, or one score, of a run in few points: for a small chart. */
export interface SmallCurve {
  readonly id: string;
  /** Each a mean of neighbours in a long log, at the last of their steps. */
  readonly points: readonly (readonly [step: number, value: number])[];
}

/** What the studio as a whole says of itself. */
export interface StudioInfo {
  readonly folder: string;
  readonly version: string;
  /** How `gantry` is called here, for commands to copy. */
  readonly program: string;
  /** Whether the request had the token: without it nothing can be changed or computed. */
  readonly allowed: boolean;
  /** Whether more runs lie in the folder than are shown. */
  readonly more: boolean;
}

/** A message of the stream of changes. */
export interface Changes {
  readonly runs: readonly RunSummary[];
  readonly removed: readonly string[];
}

/** A refusal or failure, in one sentence. */
export interface Refusal {
  readonly error: string;
}

/** D's outputs of a step as histograms, and how many rows of G's batch were kept. */
export interface Outputs {
  readonly step: number;
  readonly from: number;
  readonly to: number;
  /** Counts in equal bins from `from` to `to`, of real and of generated images. */
  readonly real: readonly number[];
  readonly fake: readonly number[];
  /** Rows of the batch, and those that G learned from. */
  readonly size: number;
  readonly kept: number;
  /** The technique that selected them; absent where none does. */
  readonly selectedBy?: string | undefined;
}

/** The generated batch of a step, in D's order: the most real first. */
export interface Batch {
  readonly step: number;
  readonly scores: readonly (number | null)[];
  readonly isKept: readonly boolean[];
  readonly labels?: readonly number[] | undefined;
  readonly points?: readonly (readonly number[])[] | undefined;
  /** How the images lie in the batch's picture, in pixels: `size` wide, and as high unless there is a height. */
  readonly images?:
    | {
        readonly columns: number;
        readonly size: number;
        readonly height?: number | undefined;
        readonly padding: number;
      }
    | undefined;
}

/** A share of answers with its 95 % interval. */
export interface Share {
  readonly yes: number;
  readonly answers: number;
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** A blind test whose answers are in. */
export interface RatedTest {
  readonly time: string;
  /** Runs whose images were mixed, this one among them. */
  readonly runs: number;
  readonly mode: "single" | "pairs";
  readonly seed: number;
  readonly count: number;
  readonly step: number;
  readonly averaged: boolean;
  readonly truncation: number | null;
  readonly shown: number;
  readonly seconds: number | null;
  /** Of `single`: generated images that were called real. Of `pairs`: pairs in which the generated one was. */
  readonly fooled?: Share | undefined;
  /** Of `single`: real images that were called real. */
  readonly realCalledReal?: Share | undefined;
  readonly unanswered: number;
}

/** What `gantry diagnose` finds in a run. */
export interface RunDiagnosis {
  /** Steps done at the newest line of the log. */
  readonly step: number;
  readonly findings: readonly FoundFault[];
  /** Names of the checks that found nothing. */
  readonly clear: readonly string[];
  /** Checks that could not be made, and why. */
  readonly unknown: readonly { readonly name: string; readonly title: string; readonly reason: string }[];
}

/** A fault with what shows it. */
export interface FoundFault {
  readonly name: string;
  readonly title: string;
  /** The step since which the evidence holds without a gap. */
  readonly since: number;
  readonly evidence: string;
  readonly numbers: Readonly<Record<string, number | null>>;
  /** A PNG as text of base 64. */
  readonly picture?: string | undefined;
  /** The page that explains it: a file in docs/ with its heading. */
  readonly page: string;
  /** What was measured about remedies: sentences of the pages of results. */
  readonly measured: readonly { readonly page: string; readonly text: string }[];
}

/** The table of a sweep: a row for each cell. */
export interface SweepCells {
  readonly axes: readonly string[];
  readonly columns: readonly string[];
  readonly rows: readonly {
    readonly cell: string;
    /** By axis. */
    readonly values: readonly string[];
    readonly planned: number;
    readonly finished: number;
    /** Ids of its runs that are in the studio's folder. */
    readonly runs: readonly string[];
    /** By column: mean and interval as text, over how many runs, and whether it is the best; null where there is none. */
    readonly scores: readonly ({ readonly text: string; readonly count: number; readonly best: boolean } | null)[];
  }[];
  readonly notes: readonly string[];
}
