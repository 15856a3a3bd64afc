/** Images one after the other as an animation: GIF (256 colours) or WebP (lossless), played without end. */
import sharp from "sharp";
import { UserError } from "../base/errors.ts";
import { writeFileAtomic } from "./atomic.ts";
import { interleaved, type PixelBatch } from "./tiles.ts";

/** How frames are played. */
export interface AnimationOptions {
  readonly format: "gif" | "webp";
  /** Of all frames together. */
  readonly seconds: number;
}

/** A written animation. */
export interface Animation {
  readonly frames: number;
  readonly seconds: number;
  readonly width: number;
  readonly height: number;
}

/** GIF counts in hundredths of a second, and browsers play frames shorter than two of them slowly. */
const TICK_MS = 10;
const SHORTEST_MS = 20;
/** The longest delay of a frame that sharp writes, in whole hundredths. */
const LONGEST_MS = 65_530;

/** The most pixels of all frames: sharp takes them as one tall image. */
const MOST_PIXELS = 0x3fff ** 2;

/**
 * Refuses what cannot be written: to be called before the frames are drawn.
 * @throws UserError for frames that are too short or too long, or too many pixels.
 */
export function requireDuration(frames: number, seconds: number, width: number, height: number): void {
  if (seconds * 1000 < frames * SHORTEST_MS) {
    throw new UserError(
      `${frames} frames in ${seconds} s are shorter than ${SHORTEST_MS} ms each, and viewers would play them slower; take at least ${(frames * SHORTEST_MS) / 1000} s or fewer frames`,
    );
  }
  if (seconds * 1000 > frames * LONGEST_MS) {
    throw new UserError(
      `${frames} frames in ${seconds} s are longer than ${LONGEST_MS / 1000} s each, which a file cannot say; take at most ${(frames * LONGEST_MS) / 1000} s or more frames`,
    );
  }
  if (frames * width * height > MOST_PIXELS) {
    throw new UserError(
      `${frames} frames of ${width} x ${height} pixels are more than ${Math.floor(MOST_PIXELS / 1e6)} million pixels: take fewer frames, or a smaller scale`,
    );
  }
}

/** Milliseconds of each frame: whole hundredths of a second that add up to the duration. */
export function delays(frames: number, seconds: number): number[] {
  const ends = Array.from(
    { length: frames + 1 },
    (_, i) => Math.round((i * seconds * 1000) / frames / TICK_MS) * TICK_MS,
  );
  return ends.slice(1).map((end, i) => end - ends[i]!);
}

/**
 * Writes images as an animation that is played without end, atomically.
 *
 * @throws UserError as {@link requireDuration} does, when the images have neither 1 nor 3 channels, and when the file
 * cannot be written.
 *
 * @example
 * await writeAnimation("path.webp", quantise(images), { format: "webp", seconds: 3 });
 */
export async function writeAnimation(
  path: string,
  frames: PixelBatch,
  { format, seconds }: AnimationOptions,
): Promise<Animation> {
  const { count, channels, height, width } = frames;
  requireDuration(count, seconds, width, height);
  if (channels !== 1 && channels !== 3) {
    throw new UserError(`an animation shows images of 1 or 3 channels; these have ${channels}`);
  }
  const strip = sharp(interleaved(frames), { raw: { width, height: height * count, channels, pageHeight: height } });
  const timing = { loop: 0, delay: delays(count, seconds) };
  const bytes = await (format === "gif" ? strip.gif(timing) : strip.webp({ ...timing, lossless: true })).toBuffer();
  writeFileAtomic(path, [bytes]);
  return { frames: count, seconds: timing.delay.reduce((sum, delay) => sum + delay, 0) / 1000, width, height };
}
