/** What an evaluation's inputs must fulfil, all of it seen before the first image is looked at. */
import { UserError } from "../base/errors.ts";
import { type Evaluation, isStatistics } from "./evaluation.ts";
import { type ImageSet, requireSameSize, requireSeen, resizerFor } from "./images/image-set.ts";
import { type Metric, needsFeatures, type Part } from "./metric.ts";
import { requireSameFeatures, type StatisticsFile } from "./statistics-file.ts";

/** The most bytes of images that are kept in memory for metrics that look at pixels. */
const MOST_IMAGE_BYTES = 2 ** 32;

/** @throws UserError when the inputs do not fit together. */
export function refuseUnfit(evaluation: Evaluation, fakeParts: ReadonlySet<Part>, realParts: ReadonlySet<Part>): void {
  const { network, metrics, real } = evaluation;
  const { images } = evaluation.fake;
  const classifying = metrics.find(({ needs }) => needs.classified);
  if (classifying !== undefined) {
    throw new UserError(
      `\`${classifying.kind}\` measures a discriminator, not images: name it in a recipe's \`evaluate.metrics\``,
    );
  }
  const seeing = metrics.find(needsFeatures);
  if (network === undefined && seeing !== undefined) {
    throw new UserError(`\`${seeing.kind}\` is computed of features: give a feature network`);
  }
  const classed = metrics.find(({ needs }) => [...needs.fake, ...needs.real].includes("logits"));
  if (classed !== undefined && network !== undefined && network.classes.length === 0) {
    throw new UserError(
      `\`${classed.kind}\` needs the classes of a feature network, and ${network.name} has none: take scores of features, such as fid, kid or precisionRecall`,
    );
  }
  const needy = metrics.find(({ needs }) => needs.real.length > 0);
  if (needy !== undefined && real === undefined) {
    throw new UserError(`\`${needy.kind}\` compares with real images, and none were given`);
  }
  if (needy !== undefined && real !== undefined) {
    if (isStatistics(real)) refuseMoreThanMoments(metrics, real, evaluation);
    else requireSameSize(images, real);
  }
  if (seeing !== undefined) {
    for (const set of real === undefined || isStatistics(real) ? [images] : [images, real]) requireSeen(set);
  }
  requireEnough(metrics, images, real === undefined || isStatistics(real) ? undefined : real);
  const kept = [...(fakeParts.has("images") ? [images] : []), ...(realParts.has("images") ? [real as ImageSet] : [])];
  const bytes = kept.reduce((sum, { count, channels, height, width }) => sum + count * channels * height * width, 0);
  if (bytes > MOST_IMAGE_BYTES) {
    const looking = metrics.find(({ needs }) => [...needs.fake, ...needs.real].includes("images"))!;
    throw new UserError(
      `\`${looking.kind}\` looks at all images at once, and these would take ${(bytes / 1e9).toFixed(1)} GB of memory ` +
        `(at most ${(MOST_IMAGE_BYTES / 1e9).toFixed(1)}): score fewer of them`,
    );
  }
}

/** @throws UserError when a metric needs more of the real images than their moments, or these are of other features. */
function refuseMoreThanMoments(metrics: readonly Metric[], real: StatisticsFile, { network, fake }: Evaluation): void {
  const more = metrics.flatMap(({ kind, needs }) => (needs.real.some((part) => part !== "moments") ? [kind] : []));
  if (more.length > 0) {
    const names = more.map((kind) => `\`${kind}\``).join(", ");
    throw new UserError(
      `${real.name} holds only mean and covariance of the real images' features, and ${names} ${more.length === 1 ? "needs" : "need"} more: ` +
        "give the images themselves, or metrics such as fid",
    );
  }
  if (network !== undefined) requireSameFeatures(real, network, resizerFor(fake.images, network));
}

/**
 * @throws UserError, before any work, when there are too few samples for a metric.
 */
export function requireEnough(
  metrics: readonly Metric[],
  fake: Pick<ImageSet, "name" | "count">,
  real?: Pick<ImageSet, "name" | "count"> | undefined,
): void {
  for (const { kind, needs, fewest, options } of metrics) {
    const sets = [needs.fake.length > 0 ? fake : undefined, needs.real.length > 0 ? real : undefined];
    const small = sets.find((set) => set !== undefined && set.count < fewest);
    if (small === undefined) continue;
    const given = Object.entries(options).map(([name, value]) => `${name} ${String(value)}`);
    const few = `there ${small.count === 1 ? "is" : "are"} ${small.count} of ${small.name}`;
    throw new UserError(
      `\`${kind}\`${given.length > 0 ? ` (${given.join(", ")})` : ""} needs at least ${fewest} samples, and ${few}` +
        withFewer(kind, options, fewest - small.count),
    );
  }
}

/** Options that say how many samples a metric needs: each one less needs one sample less. */
const deciding = ["splits", "subsetSize", "neighbours"];

/** What can be done about a number of samples that are missing for a metric, in words. */
function withFewer(kind: string, options: Metric["options"], missing: number): string {
  const option = deciding.find((name) => typeof options[name] === "number");
  if (option === undefined) return "";
  const most = (options[option] as number) - missing;
  if (most < 1) return "; choose other metrics (gantry evaluate: --metrics fid)";
  return (
    `; set \`${kind}.${option}\` to at most ${most}, or choose other metrics ` +
    `(gantry evaluate: --set ${kind}.${option}=${most}, or --metrics fid)`
  );
}

/** A covariance from fewer samples than dimensions has no full rank: FID is then far too high and says little. */
export function warnOfFew({ network, metrics, fake, real, warn }: Evaluation): void {
  if (network === undefined || !metrics.some(({ needs }) => needs.fake.includes("moments"))) return;
  for (const set of [fake.images, ...(real && !isStatistics(real) ? [real] : [])]) {
    if (set.count > network.dimensions) continue;
    warn?.(
      `${set.name} has ${set.count} images, not more than the ${network.dimensions} dimensions of ${network.name}'s features: ` +
        "FID is biased upwards, and compares only with scores of exactly as many images",
    );
  }
}
