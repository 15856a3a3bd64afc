/**
 * Mode collapse: many latents give the same sample, or few of the data's modes are left. Of images the pairwise distances of
 * features in the sample grids tell, next to those of the data; of a mixture the modes that the generated batch reaches.
 */
import { counted } from "../../base/counted.ts";
import { sidesOf } from "../../base/image-size.ts";
import type { Dataset } from "../../data/index.ts";
import type { PixelBatch } from "../../formats/index.ts";
import { scope } from "../../tensor/index.ts";
import { type Check, type Finding, type Outcome, short, unknown } from "../check.ts";
import type { Evidence } from "../evidence.ts";
import { type FeatureSpace, featureSpace } from "../features.ts";
import { pairDistances } from "../images.ts";
import { lastStretch, mean, thinned } from "../series.ts";

/** Grids, or batches, at the end that must show it. */
const LASTING = 3;
/** Grids that are read, at most. */
const GRIDS = 24;
/** Real images that samples are compared with. */
const REAL_IMAGES = 128;
/** The mean distance of samples over that of real images. */
const ALIKE = 0.4;
/** Two images are as good as equal where their distance is this part of the mean distance of real ones; and the share of such pairs. */
const EQUAL = 0.25;
const EQUAL_PAIRS = 0.05;
/** Share of the modes that a batch reaches. */
const MODES = 0.5;

export const collapse: Check = {
  name: "collapse",
  title: "mode collapse",
  measured: [
    {
      page: "results/improved.md",
      text: "In a GAN that loses modes nothing is shown to help: of 12 differences none stays after Holm's correction; the nearest is feature matching, modes +5.2 ± 3.6 (p = 0.18).",
    },
  ],
  look: (run) => (run.isOfImages ? ofImages(run) : ofVectors(run)),
};

interface Diversity {
  readonly step: number;
  readonly file: string;
  /** Mean distance of pairs over that of real images. */
  readonly relative: number;
  /** Share of pairs that are as good as equal. */
  readonly equal: number;
}

async function ofImages(run: Evidence): Promise<Outcome> {
  if (run.grids.length < LASTING)
    return unknown(`the run has ${counted(run.grids.length, "sample grid")}, and ${LASTING} are needed`);
  const space = await featureSpace(run);
  try {
    return await ofImagesIn(space, run);
  } finally {
    space.dispose();
  }
}

/** Real images that are spaced evenly: folders are sorted by class. */
function realImages({ images, count, channels, size }: Dataset): PixelBatch {
  const used = Math.min(count, REAL_IMAGES);
  const pixels = scope(() => {
    const rows = Array.from({ length: used }, (_, i) => images.narrow(0, Math.floor((i * count) / used), 1).toArray());
    return new Uint8Array(Buffer.concat(rows as Uint8Array[]));
  });
  return { pixels, count: used, channels, ...sidesOf(size) };
}

async function ofImagesIn(space: FeatureSpace, run: Evidence): Promise<Outcome> {
  const real = pairDistances(space.rows(realImages(await run.dataset())));
  const usual = mean(real);
  const share = (distances: readonly number[]): number =>
    distances.filter((distance) => distance < EQUAL * usual).length / distances.length;
  const realEqual = share(real);
  const grids: Diversity[] = [];
  for (const grid of thinned(run.grids, GRIDS)) {
    const distances = pairDistances(space.rows(await run.images(grid)));
    if (distances.length === 0) return unknown("a sample grid has one sample");
    grids.push({ ...grid, relative: mean(distances) / usual, equal: share(distances) });
  }
  const isCollapsed = ({ relative, equal }: Diversity): boolean =>
    relative <= ALIKE || equal >= realEqual + EQUAL_PAIRS;
  const stretch = lastStretch(grids, isCollapsed);
  if (stretch.length < LASTING) return "clear";
  const now = stretch.at(-1)!;
  const most = grids.reduce((best, grid) => (grid.relative > best.relative ? grid : best));
  const fell = most.step < now.step && most.relative > 1.2 * now.relative;
  return {
    since: stretch[0]!.step,
    evidence:
      `Samples of the newest grid are ${short(now.relative)} times as far from each other as real images${fell ? ` (${short(most.relative)} at step ${most.step})` : ""}, ${space.by}, ` +
      `and ${short(100 * now.equal)} % of their pairs are as good as equal (of real ones ${short(100 * realEqual)} %).`,
    numbers: {
      distance: now.relative,
      largestDistance: most.relative,
      equalPairs: now.equal,
      realEqualPairs: realEqual,
    },
    picture: now.file,
  };
}

async function ofVectors(run: Evidence): Promise<Outcome> {
  const mixture = await run.mixture();
  if (mixture === undefined) return unknown("the modes of these vectors are not known");
  const batches = run.outputs.flatMap(({ step, batch: { points } }) => {
    return points === undefined ? [] : [{ step, modes: modesReached(points, mixture.centres) }];
  });
  if (batches.length < LASTING) {
    return unknown(
      `the log has ${counted(batches.length, "generated batch", "generated batches")}, and ${LASTING} are needed`,
    );
  }
  const all = mixture.centres.length;
  const stretch = lastStretch(batches, ({ modes }) => modes <= MODES * all);
  if (stretch.length < LASTING) return "clear";
  const now = stretch.at(-1)!.modes;
  return {
    since: stretch[0]!.step,
    evidence: `A generated batch reaches ${now} of ${all} modes, each sample counted for its nearest.`,
    numbers: { modes: now, of: all },
  } satisfies Finding;
}

function modesReached(
  points: readonly (readonly (number | null)[])[],
  centres: readonly (readonly number[])[],
): number {
  const nearest = points.map((point) => {
    const squares = centres.map((centre) =>
      centre.reduce((sum, value, i) => sum + (value - (point[i] ?? Number.NaN)) ** 2, 0),
    );
    return squares.indexOf(Math.min(...squares));
  });
  return new Set(nearest.filter((mode) => mode >= 0)).size;
}
