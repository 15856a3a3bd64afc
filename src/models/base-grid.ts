/**
 * The sizes of images that networks of doublings can make: a base grid times a power of two.
 *
 * The base grid is what the first layer of a generator makes, and n doublings follow. Of a size, n is the largest number
 * (at most 7) for which 2^n divides height and width and the longer side of the base is at least 4. So squares of a power
 * of two have a base of 4 x 4, as in the papers; 48 = 6 x 8 as in SNGAN on STL-10, 28 = 7 x 4, 96 = 6 x 16; and 64 x 48 is 4 x 3
 * times 16. A base longer than 16 is refused: its maps would not see each other in so few layers.
 */
import { UserError } from "../base/errors.ts";
import { type ImageSize, type Sides, sidesOf, sizeInWords, sizeOf } from "../base/image-size.ts";

/** Height and width of the base, and how often they are doubled. */
export interface BaseGrid extends Sides {
  readonly doublings: number;
}

const SHORTEST = 4;
const LONGEST = 16;
const LEAST_DOUBLINGS = 2;
const MOST_DOUBLINGS = 7;

/** The base grid of a size; undefined where there is none. */
export function baseGrid(size: ImageSize): BaseGrid | undefined {
  const { height, width } = sidesOf(size);
  const longer = Math.max(height, width);
  for (let doublings = MOST_DOUBLINGS; doublings >= LEAST_DOUBLINGS; doublings--) {
    const factor = 2 ** doublings;
    if (height % factor !== 0 || width % factor !== 0 || longer / factor < SHORTEST) continue;
    if (longer / factor > LONGEST) return undefined;
    return { height: height / factor, width: width / factor, doublings };
  }
  return undefined;
}

/**
 * The base grid of a size.
 * @throws UserError, in the name of `network`, that names the nearest sizes which have one.
 */
export function requireBaseGrid(size: ImageSize, network: string): BaseGrid {
  const grid = baseGrid(size);
  if (grid !== undefined) return grid;
  throw new UserError(
    `${network}: it cannot make images of ${sizeInWords(size)}: a size is a base grid, its longer side from ${SHORTEST} to ` +
      `${LONGEST}, that is doubled ${LEAST_DOUBLINGS} to ${MOST_DOUBLINGS} times; the nearest sizes that fit are ` +
      nearestSizes(size).map(sizeInWords).join(" and "),
  );
}

/** The nearest sizes that have a base grid, one smaller and one larger where there are both. Squares for a square. */
export function nearestSizes(size: ImageSize): ImageSize[] {
  const { height, width } = sidesOf(size);
  const near = (side: number, factor: number): number[] => {
    const low = Math.max(1, Math.floor(side / factor)) * factor;
    return low === side ? [side] : [low, low + factor];
  };
  const candidates: Sides[] = [];
  for (let doublings = LEAST_DOUBLINGS; doublings <= MOST_DOUBLINGS; doublings++) {
    const factor = 2 ** doublings;
    for (const h of near(height, factor)) for (const w of near(width, factor)) candidates.push({ height: h, width: w });
  }
  // The least that there is.
  candidates.push({ height: SHORTEST * 2 ** LEAST_DOUBLINGS, width: SHORTEST * 2 ** LEAST_DOUBLINGS });
  const distance = (sides: Sides): number => Math.abs(sides.height - height) + Math.abs(sides.width - width);
  const fitting = candidates
    .filter((sides) => (height !== width || sides.height === sides.width) && baseGrid(sizeOf(sides)) !== undefined)
    .sort((a, b) => distance(a) - distance(b));
  const isSmaller = (sides: Sides): boolean => sides.height * sides.width < height * width;
  const nearest = [fitting.find(isSmaller), fitting.find((sides) => !isSmaller(sides))];
  return nearest.flatMap((sides) => (sides === undefined ? [] : [sizeOf(sides)]));
}

/** Height and width of the maps after a number of doublings of the base. */
export function mapsAfter({ height, width }: Sides, doublings: number): Sides {
  return { height: height * 2 ** doublings, width: width * 2 ** doublings };
}
