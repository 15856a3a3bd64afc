/**
 * Memorising: samples that are copies of training images. A sample counts as one when its nearest training image is less than
 * a third as far as the second nearest (Yoon et al. 2023, "Diffusion Probabilistic Models Generalize when They Fail to
 * Memorize", section 3), by the Euclidean distance of pixels.
 */
import { join } from "node:path";
import { counted } from "../../base/counted.ts";
import { encodePng, type PixelBatch, tile, writeFileAtomic } from "../../formats/index.ts";
import { scope } from "../../tensor/index.ts";
import { nearestImages } from "../../training/index.ts";
import { type Check, short, unknown } from "../check.ts";
import type { Evidence, Grid } from "../evidence.ts";

/** The nearest distance over the second, below which a sample is a copy; and the share of copies. */
const RATIO = 1 / 3;
const COPIES = 0.1;
/** Earlier grids that are searched for the beginning, at most. */
const EARLIER = 8;
/** Copies in the picture. */
const SHOWN = 8;

export const memorising: Check = {
  name: "memorising",
  title: "memorising",
  measured: [],
  async look(run) {
    if (!run.isOfImages) return unknown("the run makes vectors");
    const newest = run.grids.at(-1);
    if (newest === undefined) return unknown("the run has no sample grid");
    const { count } = await run.dataset();
    if (count < 3) return unknown(`the data have ${counted(count, "image")}`);
    const now = await copiesIn(run, newest);
    if (now.share < COPIES) return "clear";
    let since = newest.step;
    for (const grid of earlier(run.grids)) {
      if ((await copiesIn(run, grid)).share < COPIES) break;
      since = grid.step;
    }
    return {
      since,
      evidence: `${short(100 * now.share)} % of the newest samples are copies: their nearest training image is less than a third as far as the second nearest.`,
      numbers: { copies: now.share, samples: now.samples.count },
      picture: await draw(run, now),
    };
  },
};

/** Grids before the newest, evenly spaced, the newest of them first. */
function earlier(grids: readonly Grid[]): readonly Grid[] {
  const before = grids.slice(0, -1).reverse();
  const count = Math.min(EARLIER, before.length);
  return Array.from({ length: count }, (_, i) => before[Math.floor((i * before.length) / count)]!);
}

interface Copies {
  readonly samples: PixelBatch;
  readonly share: number;
  /** Each with the number of its sample and of the training image. */
  readonly copies: readonly { readonly sample: number; readonly index: number }[];
}

async function copiesIn(run: Evidence, grid: Grid): Promise<Copies> {
  const samples = await run.images(grid);
  const near = nearestImages(samples, await run.dataset(), 2);
  const copies = near.flatMap(([first, second], sample) =>
    first!.distance < RATIO * second!.distance ? [{ sample, index: first!.index }] : [],
  );
  return { samples, copies, share: copies.length / samples.count };
}

/** Copies above, the training images that they copy below. */
async function draw(run: Evidence, { samples, copies }: Copies): Promise<string> {
  const { images } = await run.dataset();
  const shown = copies.slice(0, SHOWN);
  const length = samples.channels * samples.height * samples.width;
  const pixels = new Uint8Array(2 * shown.length * length);
  for (const [i, { sample, index }] of shown.entries()) {
    pixels.set(samples.pixels.subarray(sample * length, (sample + 1) * length), i * length);
    const real = scope(() => images.narrow(0, index, 1).toArray() as Uint8Array);
    pixels.set(real, (shown.length + i) * length);
  }
  const path = join(run.directory.path, "diagnosis", "memorising.png");
  const picture = await encodePng(tile({ ...samples, pixels, count: 2 * shown.length }, { columns: shown.length }));
  writeFileAtomic(path, [picture]);
  return path;
}
