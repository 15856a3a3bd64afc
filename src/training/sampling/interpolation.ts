/** Paths between two latents (White 2016, "Sampling Generative Networks", section 2.1; slerp: Shoemake 1985). */
import { Tensor } from "../../tensor/index.ts";

/** The names of {@link Interpolation}. */
export const INTERPOLATIONS = ["linear", "spherical", "fixed"] as const;
/** The path from z to z': the straight line or the arc. With `fixed` z stays the same and the class changes. */
export type Interpolation = (typeof INTERPOLATIONS)[number];

/** Below this sine of the angle, latents are parallel to rounding, and the arc is the line. */
const PARALLEL = 1e-6;

/** The weights of both ends at t in [0, 1], `angle` apart. */
function weightsAt(kind: Interpolation, t: number, angle: number): readonly [number, number] {
  if (kind === "fixed") return [1, 0];
  const sine = Math.sin(angle);
  if (kind === "linear" || Math.abs(sine) < PARALLEL) return [1 - t, t];
  return [Math.sin((1 - t) * angle) / sine, Math.sin(t * angle) / sine];
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/**
 * Latents between pairs: for each row of `from` and `to`, [rows, latent], `steps` of them at t = 0 to 1 in even steps,
 * both ends included and exact; float32 [rows x steps, latent].
 *
 *     linear:     (1 - t) z + t z'
 *     spherical:  sin((1 - t) w) / sin w  z  +  sin(t w) / sin w  z',   cos w = z . z' / (|z| |z'|)
 *
 * Normal latents of many dimensions have nearly one length. The line between two of them passes points that are shorter
 * by up to the factor sqrt(2), which training has never seen; the arc does not.
 *
 * @example
 * interpolate(Tensor.randn([3, 128]), Tensor.randn([3, 128]), 9, "spherical").shape; // [27, 128]
 */
export function interpolate(from: Tensor, to: Tensor, steps: number, kind: Interpolation): Tensor {
  const [rows, length] = from.shape as [number, number];
  const [first, last] = [rowsOf(from), rowsOf(to)];
  const values = new Float32Array(rows * steps * length);
  for (let row = 0; row < rows; row++) {
    for (let step = 0; step < steps; step++) {
      values.set(between(first[row]!, last[row]!, step / (steps - 1), kind), (row * steps + step) * length);
    }
  }
  return Tensor.fromArray(values, [rows * steps, length]);
}

/**
 * A closed path through latents [N, latent] and from the last back to the first, in even steps; float32 [frames, latent].
 * Frame 0 is the first latent. With `fixed` all frames are.
 *
 * @example
 * closedPath(inputsOfSeeds(gan, [1, 2, 3]).latents, 60, "spherical"); // frame 20 is seed 2's latent
 */
export function closedPath(points: Tensor, frames: number, kind: Interpolation): Tensor {
  const rows = rowsOf(points);
  const values = Array.from({ length: frames }, (_, frame) => {
    const at = (frame * rows.length) / frames;
    const segment = Math.floor(at);
    if (kind === "fixed") return rows[0]!;
    return between(rows[segment]!, rows[(segment + 1) % rows.length]!, at - segment, kind);
  });
  return Tensor.fromArray(Float32Array.from(values.flatMap((row) => [...row])), [frames, points.shape[1]!]);
}

function rowsOf(latents: Tensor): Float64Array[] {
  const [rows, length] = latents.shape as [number, number];
  const all = latents.detach().double().toArray() as Float64Array;
  return Array.from({ length: rows }, (_, row) => all.subarray(row * length, (row + 1) * length));
}

function between(a: Float64Array, b: Float64Array, t: number, kind: Interpolation): Float64Array {
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  const [u, v] = weightsAt(kind, t, Math.acos(Math.min(1, Math.max(-1, cosine))));
  return a.map((value, i) => u * value + v * b[i]!);
}
