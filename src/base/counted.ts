/** Numbers of things in words. */

/**
 * A number with its noun: the first form of it for 1, else the second, which by default ends in an s.
 *
 * @example
 * counted(1, "image"); // "1 image"
 * counted(0, "image"); // "0 images"
 * counted(2, "class", "classes"); // "2 classes"
 */
export const counted = (number: number, noun: string, nouns = `${noun}s`): string =>
  `${number} ${number === 1 ? noun : nouns}`;

/**
 * "None of its 3 images can": the beginning of a sentence on things of which none can be used.
 *
 * @example
 * `${noneOf(3, "image")} be read`; // "none of its 3 images can be read"
 * `${noneOf(1, "image")} be read`; // "its only image cannot be read"
 */
export const noneOf = (number: number, noun: string): string =>
  number === 1 ? `its only ${noun} cannot` : `none of its ${number} ${noun}s can`;
