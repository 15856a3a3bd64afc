/** How the discriminator judges both batches of its own update, and how gradients come back to its weights. */
import type { DiscriminatorNetwork, DiscriminatorOutput } from "../../models/index.ts";
import { frozenStatistics } from "../../nn/index.ts";
import { grad, Tensor } from "../../tensor/index.ts";
import type { BuiltGan } from "./gan.ts";
import { MicroBatchPass } from "./micro-batch-pass.ts";
import { judgementFrom, judgementOf, valuesOf } from "./output-values.ts";
import { rowsOf } from "./sharding.ts";

/** Images as the discriminator is to see them. */
export interface Batches {
  readonly real: Tensor;
  readonly fake: Tensor;
  readonly realLabels: Tensor | undefined;
  readonly fakeLabels: Tensor | undefined;
}

/** Judgements of both. */
export interface JudgedBatches {
  readonly judgedReal: DiscriminatorOutput;
  readonly judgedFake: DiscriminatorOutput;
  /** Gradients of a number that depends on them with respect to the weights; null for a weight that it does not depend on. */
  gradients(total: Tensor): (Tensor | null)[];
}

/** Judges both batches in the discriminator's main pass. */
export function judgeBatches(gan: BuiltGan, batches: Batches): JudgedBatches {
  const { discriminator, sharding } = gan;
  const parameters = discriminator.parameters();
  if (sharding.whole) {
    const [judgedReal, judgedFake] = judgeBoth(discriminator, batches);
    return { judgedReal, judgedFake, gradients: (total) => grad(total, parameters, { allowUnused: true }) };
  }
  const pass = new MicroBatchPass({
    ...gan.drawsOf("discriminator"),
    forward: (part, first) => {
      const rows = (batch: Tensor | undefined): Tensor | undefined => batch && rowsOf(batch, part);
      const judge = (): Tensor[] =>
        judgeBoth(discriminator, {
          real: rowsOf(batches.real, part),
          fake: rowsOf(batches.fake, part),
          realLabels: rows(batches.realLabels),
          fakeLabels: rows(batches.fakeLabels),
        }).flatMap(valuesOf);
      return first ? judge() : frozenStatistics(judge);
    },
  });
  const each = pass.count / 2;
  return {
    judgedReal: judgementFrom(pass, 0, each),
    judgedFake: judgementFrom(pass, each, each),
    gradients(total) {
      const { leaves } = pass;
      const found = grad(total, [...leaves, ...parameters], { allowUnused: true });
      const throughParts = pass.gradients(found.slice(0, leaves.length), parameters);
      return sharding.total(throughParts, found.slice(leaves.length), parameters);
    },
  };
}

/**
 * Both batches as one where samples do not influence each other (less work for the same numbers), else one after the
 * other, as batch norm in a discriminator wants (Radford et al. 2016). Then the pass over the real images is the one that
 * moves the carried state.
 */
function judgeBoth(
  discriminator: DiscriminatorNetwork,
  { real, fake, realLabels, fakeLabels }: Batches,
): [DiscriminatorOutput, DiscriminatorOutput] {
  if (discriminator.modules().some((module) => module.couplesSamples)) {
    const judgedReal = discriminator.forward(real, realLabels);
    return [judgedReal, frozenStatistics(() => discriminator.forward(fake, fakeLabels))];
  }
  const labels = realLabels && fakeLabels ? Tensor.cat([realLabels, fakeLabels]) : undefined;
  const both = discriminator.forward(Tensor.cat([real, fake]), labels);
  const size = real.shape[0]!;
  const half = (start: number): DiscriminatorOutput => judgementOf(both, (part) => part.narrow(0, start, size));
  return [half(0), half(size)];
}
