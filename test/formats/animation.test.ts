/** Animations as sharp reads them back: frames, durations, endless play, pixels. */
import { join } from "node:path";
import sharp from "sharp";
import { expect, it } from "vitest";
import { delays } from "../../src/formats/animation.ts";
import { enlarge, imagesOf, interleaved, requireDuration, writeAnimation } from "../../src/formats/index.ts";
import { temporaryFolder } from "../training/tiny.ts";

const batch = (count: number, channels: number, height: number, width: number) => ({
  pixels: Uint8Array.from({ length: count * channels * height * width }, (_, i) => (i * 37) % 256),
  count,
  channels,
  height,
  width,
});

it.each([
  ["gif", 1],
  ["gif", 3],
  ["webp", 1],
  ["webp", 3],
] as const)("a %s of %i channels", async (format, channels) => {
  const file = join(temporaryFolder(), `a.${format}`);
  const frames = batch(7, channels, 4, 6);
  expect(await writeAnimation(file, frames, { format, seconds: 0.5 })).toEqual({
    frames: 7,
    seconds: 0.5,
    width: 6,
    height: 4,
  });
  const { pages, loop, delay, pageHeight } = await sharp(file, { animated: true }).metadata();
  expect([pages, loop, pageHeight, delay!.reduce((a, b) => a + b)]).toEqual([7, 0, 4, 500]);
  const read = await sharp(file, { animated: true }).removeAlpha().toColourspace("srgb").raw().toBuffer();
  const wanted = interleaved(frames);
  const colour = channels === 3 ? wanted : tripled(wanted);
  const largest = Math.max(...read.map((value, i) => Math.abs(value - colour[i]!)));
  // Of 56 colours at most, GIF's palette keeps all nearly; WebP is lossless.
  expect(largest).toBeLessThanOrEqual(format === "webp" ? 0 : 8);
});

const tripled = (gray: Uint8Array): Uint8Array =>
  Uint8Array.from({ length: gray.length * 3 }, (_, i) => gray[Math.floor(i / 3)]!);

it("durations are whole hundredths of a second that add up", () => {
  expect(delays(3, 1)).toEqual([330, 340, 330]);
  expect(delays(60, 3)).toEqual(Array(60).fill(50));
});

it("too short frames and too many pixels are refused", () => {
  expect(() => requireDuration(60, 1, 32, 32)).toThrow("60 frames in 1 s are shorter than 20 ms each");
  expect(() => requireDuration(60, 3932, 32, 32)).toThrow(
    "longer than 65.53 s each, which a file cannot say; take at most 3931.8 s",
  );
  expect(() => requireDuration(1000, 60, 1024, 1024)).toThrow("more than 268 million pixels");
});

it("enlarged images have each pixel as a square", () => {
  const small = { pixels: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]), count: 2, channels: 1, height: 2, width: 2 };
  const large = enlarge(small, 2);
  expect([large.height, large.width]).toEqual([4, 4]);
  expect([...large.pixels]).toEqual([
    ...[1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4],
    ...[5, 5, 6, 6, 5, 5, 6, 6, 7, 7, 8, 8, 7, 7, 8, 8],
  ]);
  expect([...imagesOf(small, 1).pixels]).toEqual([5, 6, 7, 8]);
  expect(enlarge(small, 1)).toBe(small);
  expect(() => enlarge(small, 65)).toThrow("`scale` (=65) must be a whole number from 1 to 64");
});

it("interleaved pixels have their channels side by side", () => {
  const two = {
    pixels: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
    count: 2,
    channels: 3,
    height: 1,
    width: 2,
  };
  expect([...interleaved(two)]).toEqual([1, 3, 5, 2, 4, 6, 7, 9, 11, 8, 10, 12]);
});
