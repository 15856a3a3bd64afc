/**
 * Data of your own: images in memory, with labels. Here the program draws them; it could as well load them from any file.
 *
 *     npx gantry train ./own-data.ts
 *     npx gantry resume runs/<the run> --steps 2000
 */
import { adam, dataFromArrays, dcgan, defineRecipe, hinge } from "gantry";

const COUNT = 2_000;
const SIDE = 16;

/** One image of SIDE x SIDE gray levels from 0 to 255: a disc or a square of random size and place. */
function draw(isDisc: boolean, random: () => number): number[] {
  const radius = 2 + 3 * random();
  const [x, y] = [radius + (SIDE - 2 * radius) * random(), radius + (SIDE - 2 * radius) * random()];
  return Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [dx, dy] = [Math.abs((i % SIDE) + 0.5 - x), Math.abs(Math.floor(i / SIDE) + 0.5 - y)];
    const distance = isDisc ? Math.hypot(dx, dy) : Math.max(dx, dy);
    return 255 * Math.min(1, Math.max(0, radius - distance + 0.5));
  });
}

/** Numbers from 0 to 1 that are the same each time (a linear congruential generator). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (1664525 * state + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const random = randomFrom(1);
const labels = Array.from({ length: COUNT }, (_, i) => i % 2); // one number per image, from 0
const images = Uint8Array.from(labels.flatMap((label) => draw(label === 0, random)));

export default defineRecipe({
  // Bytes from 0 to 255, or floats in [-1, 1]; a tensor [N, C, H, W] brings its own shape. The run stores a hash of the
  // contents: `resume` runs this file again and continues only if it makes the same images.
  data: dataFromArrays({ images, shape: [COUNT, 1, SIDE, SIDE], labels, classes: ["disc", "square"] }),
  generator: dcgan.generator({ latent: 32, width: 16, conditional: true }),
  discriminator: dcgan.discriminator({ width: 16, conditional: true, spectralNorm: true }),
  loss: hinge(),
  optimizers: { generator: adam({ lr: 2e-4 }), discriminator: adam({ lr: 4e-4 }) },
  steps: 1_000,
});
