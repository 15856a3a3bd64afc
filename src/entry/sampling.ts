/**
 * `import ... from "gantry/sampling"`: what a trained generator is used for.
 *
 * @module gantry/sampling
 */

// Images of a run in one call, or its networks for all that follows.
export { openForSampling, sampleRun } from "../training/index.ts";
export type { OpenedGan, SampleRunOptions } from "../training/index.ts";

// Single files: a folder, an .npz, a zip.
export { type FileForm, type SampleFilesOptions, writeSamples } from "../training/index.ts";

// Sheets of samples: one class or condition per row, one truncation per row, paths between latents.
export { classSheet, conditionSheet, interpolate, interpolationSheet, truncationSheet } from "../training/index.ts";
export type { Interpolation, InterpolationOptions, Sheet, SheetOptions } from "../training/index.ts";

// The average of a generator's weights of any length, as a run.
export { type AveragedRun, type AverageOptions, averageRun } from "../training/index.ts";

// The latents of given images, and the training images nearest to generated ones.
export { type NearImage, nearestImages, projectImages } from "../training/index.ts";
export type { Projection, ProjectionOptions, ProjectionStage } from "../training/index.ts";
