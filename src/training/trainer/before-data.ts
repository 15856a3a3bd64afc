/** What is wrong with settings can be said before any image is prepared, and what is odd about little data, before training. */
import type { ImageSize } from "../../base/image-size.ts";
import { requireMakeable } from "../../models/index.ts";
import type { Recipe } from "../../recipe/index.ts";
import type { RunSettings } from "../trainable.ts";
import type { DataModule } from "./data-module.ts";

/** @throws UserError when a network of the recipe cannot make images of the size that its data are prepared in. */
export function refuseUnmakeable(settings: RunSettings): void {
  const { data, generator, discriminator } = settings as RunSettings & Partial<Recipe>;
  const size = data.options.size as ImageSize | undefined;
  if (size === undefined) return;
  for (const network of [generator, discriminator]) if (network !== undefined) requireMakeable(network, size);
}

/** What a user should know of data that are few: one sentence for each. */
export function notesOnFew(settings: RunSettings, { name, samplesPerEpoch, shape }: DataModule): string[] {
  const { batchSize } = settings;
  const count = samplesPerEpoch;
  if (count === undefined) return [];
  const what = "features" in shape.sample ? "sample" : "image";
  const notes: string[] = [];
  if (count === 1) {
    const copies = batchSize === 1 ? "this one" : `${batchSize} copies of it`;
    notes.push(`${name} has one ${what}: every batch is ${copies}, and nothing else can be learned`);
  } else if (count < batchSize) {
    const [least, most] = [Math.floor(batchSize / count), Math.ceil(batchSize / count)];
    const times = least === most ? `${least} times` : `${least} to ${most} times`;
    notes.push(
      `${name} has ${count} ${what}s, fewer than a batch of ${batchSize}: a batch runs through all of them and begins again, so ` +
        `it holds each about ${times}`,
    );
  }
  if (shape.classes.length === 1 && isConditional(settings)) {
    notes.push(`${name} has one class, ${shape.classes[0]}: the networks get its label, which tells them nothing`);
  }
  return notes;
}

function isConditional(settings: RunSettings): boolean {
  const { generator, discriminator } = settings as RunSettings & Partial<Recipe>;
  return [generator, discriminator].some((network) => network?.options.conditional === true);
}
