/** Numbers of things in words. */

/**
 * A number with its noun, which takes an s unless the number is 1.
 *
 * @example
 * counted(1, "image"); // "1 image"
 * counted(0, "image"); // "0 images"
 */
export const counted = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;
