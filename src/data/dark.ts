/**
 * Images that are nearly black: bytes of which none exceeds 31 of 255. They are mostly masks, maps of classes or levels of 4
 * or 5 bits (the digits of scikit-learn have 0 to 16), whose files mean other numbers as white.
 */

/** Images whose levels are all at most this are nearly black. */
export const DARKEST = 31;

/** The same of images that have been resized, which overshoots at edges by up to a quarter. */
export const DARKEST_RESIZED = 40;

/** The whole number that makes levels from 0 to `most` fill 0 to 255 best. */
export const brightening = (most: number): number => Math.floor(255 / most);
