/** Points between two latents (White 2016; the arc: Shoemake 1985), as `gantry sample --interpolate` takes them. */

/** Below this sine of the angle the arc is the line. */
const PARALLEL = 1e-6;

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** The weights of both ends at t in [0, 1]. Only normal latents have an arc; uniform ones would leave their cube. */
export function weightsAt(a: Float32Array, b: Float32Array, t: number, kind: "linear" | "spherical"): [number, number] {
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  const sine = Math.sin(angle);
  if (kind === "linear" || Math.abs(sine) < PARALLEL) return [1 - t, t];
  return [Math.sin((1 - t) * angle) / sine, Math.sin(t * angle) / sine];
}

/** u a + v b. */
export function mixed(a: Float32Array, b: Float32Array, [u, v]: readonly [number, number]): Float32Array {
  return a.map((value, i) => u * value + v * b[i]!);
}
