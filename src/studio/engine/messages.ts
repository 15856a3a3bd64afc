/** What the page asks the engine's process for, checked by these schemas, and what comes back. */
import { z } from "zod";
import type { Diagnosis } from "../../diagnosis/index.ts";

/** The most samples of one request. */
export const MOST_SAMPLES = 100;

const seed = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);
const checkpoint = z.union([z.literal("last"), z.literal("best"), z.int().min(0)]);

/** What every drawing has in common. */
const drawing = {
  /** The run's id; the server makes a path of it. */
  run: z.string(),
  checkpoint: checkpoint.default("last"),
  averaged: z.boolean().default(true),
  truncation: z.number().min(0.05).max(10).nullable().default(null),
  /** One class for all samples; null: all in turn. */
  classIndex: z.int().min(0).nullable().default(null),
};

/** A sample by the seed of its grid and its place there. */
const place = z.strictObject({
  seed,
  index: z
    .int()
    .min(0)
    .max(MOST_SAMPLES - 1),
});

/** A grid of samples. */
export const gridSchema = z.strictObject({ ...drawing, seed, count: z.int().min(1).max(MOST_SAMPLES) });

/** The way from each of several samples to the next, in even steps. */
export const pathSchema = z.strictObject({
  ...drawing,
  stops: z.array(place).min(2).max(8),
  /** Images from one stop to the next, both included. */
  steps: z.int().min(2).max(32),
  kind: z.enum(["linear", "spherical"]),
});

/** The images of the data that are nearest to a sample. */
export const neighboursSchema = z.strictObject({ ...drawing, sample: place, count: z.int().min(1).max(16) });

/** Points of a generator of vectors, and D's outputs on a grid behind them. */
export const pointsSchema = z.strictObject({ ...drawing, seed, count: z.int().min(1).max(4_000) });

/** Runs of one blind test, at most. */
const MOST_TESTED = 8;

const { run: _, ...common } = drawing;

/** A blind test of one or several runs: `count` images of each kind, or pairs, for each run, and how they are shown. */
export const testSchema = z.strictObject({
  ...common,
  runs: z.array(z.string()).min(1).max(MOST_TESTED),
  seed,
  count: z
    .int()
    .min(1)
    .max(MOST_SAMPLES / 2),
  mode: z.enum(["single", "pairs"]),
  shown: z.int().min(16).max(1_024),
  seconds: z.number().min(0.1).max(60).nullable(),
});

/** The usual faults of GANs in a run. */
export const diagnosisSchema = z.strictObject({ run: z.string() });

/** A drawing with the path of its run, the step of its checkpoint, and what tells whether that has changed. */
export type Task = { readonly path: string; readonly step: number; readonly stamp: string } & (
  | ({ readonly task: "grid" } & z.output<typeof gridSchema>)
  | ({ readonly task: "path" } & z.output<typeof pathSchema>)
  | ({ readonly task: "neighbours" } & z.output<typeof neighboursSchema>)
  | ({ readonly task: "points" } & z.output<typeof pointsSchema>)
  | ({
      readonly task: "test";
      readonly order: readonly number[];
      /** Place of the first real image in the seed's order: runs of one test have real images of their own. */
      readonly firstReal: number;
    } & Omit<z.output<typeof testSchema>, "runs">)
);

/** A diagnosis of the run at `path`. */
export interface DiagnosisTask {
  readonly task: "diagnosis";
  readonly path: string;
}

/** Images of one size as a PNG without margins, in rows of `columns`. */
export interface DrawnImages {
  readonly png: Buffer;
  readonly count: number;
  readonly columns: number;
  /** Width and height of one image in pixels. */
  readonly side: number;
  readonly height: number;
  /** The step of the checkpoint. */
  readonly step: number;
  /** The class of each image, where the data has classes. */
  readonly labels?: readonly number[] | undefined;
  /** Distances to the sample, for neighbours. */
  readonly distances?: readonly number[] | undefined;
  /** That the data are not those that the run was trained on, in words. */
  readonly note?: string | undefined;
}

/** Samples of a mixture, and D's outputs behind them. */
export interface DrawnPoints {
  readonly step: number;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly modes: readonly (readonly [x: number, y: number])[];
  readonly sigma: number | undefined;
  /** D's outputs on a square grid from `-extent` to `extent`, row by row from below; absent where there is no D. */
  readonly landscape: readonly number[] | undefined;
  readonly side: number;
  readonly extent: number;
}

/** What a drawing gives. */
export type Drawn = DrawnImages | DrawnPoints;

/** The process's answer to a task. */
export type Answer =
  | { readonly id: number; readonly result: Drawn | Diagnosis }
  | { readonly id: number; readonly error: string; readonly forUser: boolean };
