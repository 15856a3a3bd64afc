/**
 * Whether a step of large images fits into memory, before the first one: a process that runs out of it is killed without
 * a word, after minutes.
 *
 * Two samples pass through both networks with their graph, and what the process grows by says what a sample takes. No
 * state changes by it: the random streams are put back, and norms keep their statistics. A process that has trained before
 * grows by less, because it has memory to use again: there only the engine's own check of each request is left.
 */
import { freemem } from "node:os";
import { UserError } from "../../base/errors.ts";
import { longerSide, sizeInWords } from "../../base/image-size.ts";
import { frozenStatistics } from "../../nn/index.ts";
import { scope } from "../../tensor/index.ts";
import { BuiltGan } from "../step/gan.ts";
import type { Samplable } from "../trainable.ts";

/** Up to this side, steps have fitted everywhere so far. */
const UNCHECKED_SIDE = 256;
const PROBE = 2;
/**
 * D's update holds the graph of D for real and generated samples, G's that of both networks; the backward pass adds
 * gradients of the largest maps.
 */
const STEP_PER_PASS = 2;
/** Gradients and Adam's two moments, next to the weights, which are there already. */
const STATE_PER_WEIGHT = 3;
const BYTES = 4;

/** Memory that this process could still take, within the limits of its container. */
const availableMemory = (): number => process.availableMemory?.() ?? freemem();

/** @throws UserError when a step would take more memory than is free. Measures nothing up to 256 pixels, or on other devices. */
export function requireMemory(trained: Samplable): void {
  const { sample } = trained.shape;
  if (!(trained instanceof BuiltGan) || "features" in sample || longerSide(sample.size) <= UNCHECKED_SIDE) return;
  const { batchSize, accumulate, device } = trained.recipe;
  if (device !== "cpu") return;
  const free = availableMemory();
  const bytesPerSample = measured(trained);
  const weights = [trained.generator, trained.discriminator].reduce((sum, one) => sum + one.parameterCount(), 0);
  const rows = trained.sharding.own[0]!.size;
  const needed = rows * bytesPerSample * STEP_PER_PASS + weights * BYTES * STATE_PER_WEIGHT;
  if (needed <= free) return;
  const fitting = Math.floor((free - weights * BYTES * STATE_PER_WEIGHT) / (bytesPerSample * STEP_PER_PASS));
  const share = rows * accumulate;
  const parts = Array.from({ length: share }, (_, i) => i + 1).find((n) => share % n === 0 && share / n <= fitting);
  const remedy =
    parts === undefined
      ? "not even one sample fits: take narrower networks or a smaller `size`"
      : `take batchSize=${fitting} or less, or accumulate=${parts}, which computes the batch in parts`;
  throw new UserError(
    `a step with ${rows === batchSize ? `batches of ${rows}` : `${rows} of a batch's ${batchSize} samples at a time`} of ` +
      `${sizeInWords(sample.size)} would take about ${gigabytes(needed)} of memory, and ${gigabytes(free)} are free; ${remedy}`,
  );
}

const gigabytes = (bytes: number): string => `${Number((bytes / 2 ** 30).toPrecision(2))} GiB`;

/** What the process grows by for one sample that passes through both networks. */
function measured(gan: BuiltGan): number {
  return gan.streams.aside(() =>
    frozenStatistics(() =>
      scope(() => {
        const [latents, labels] = [gan.latents(PROBE), gan.labels(PROBE)];
        const before = process.memoryUsage.rss();
        const images = gan.generator.forward(latents, labels);
        gan.discriminator.forward(images, labels);
        return Math.max(0, process.memoryUsage.rss() - before) / PROBE;
      }),
    ),
  );
}
