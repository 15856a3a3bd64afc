/**
 * A limit for what small files unpack to: deflate makes a gigabyte of a megabyte, and an image of a hundred megapixels in one
 * colour takes less. A quarter of a gigabyte is always allowed; beyond that, a hundred times what the file holds. Photographs
 * and weights unpack to less than twenty times. `GANTRY_UNPACK_RATIO` is another number in the place of the hundred.
 */
import { UserError } from "../base/errors.ts";

const ALWAYS = 2 ** 28;
const RATIO = 100;

function ratio(): number {
  const given = process.env.GANTRY_UNPACK_RATIO;
  if (given === undefined || given === "") return RATIO;
  const value = Number(given);
  if (value >= 1) return value;
  throw new UserError(`the environment variable GANTRY_UNPACK_RATIO (=${given}) must be a number of at least 1`);
}

/**
 * Refuses to unpack `asked` bytes of `present` ones, before memory is taken for them.
 *
 * @param where - what they are of, for the message: "photos.npz: array `x`".
 * @throws UserError when they are too many.
 */
export function requirePlausible(where: string, asked: number, present: number): void {
  if (asked <= ALWAYS) return;
  const most = Math.max(ALWAYS, present * ratio());
  if (asked <= most) return;
  throw new UserError(
    `${where} would unpack to ${megabytes(asked)} from ${megabytes(present)}, more than ${ratio()} times as much; if it is what you think, set GANTRY_UNPACK_RATIO=${Math.ceil(asked / present)}`,
  );
}

const megabytes = (bytes: number): string => `${Number((bytes / 1e6).toPrecision(3))} MB`;
