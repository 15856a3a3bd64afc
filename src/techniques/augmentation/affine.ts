/** Affine maps of the plane: points to points. */

/** The rows of [x', y'] = [[a, b, c], [d, e, f]] [x, y, 1]. */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** First `inner`, then `outer`. `[a, b, c].reduce(compose)` is a after b after c. */
export function compose(outer: Affine, inner: Affine): Affine {
  const [a, b, c, d, e, f] = outer;
  const [g, h, i, j, k, l] = inner;
  return [a * g + b * j, a * h + b * k, a * i + b * l + c, d * g + e * j, d * h + e * k, d * i + e * l + f];
}

/** Along each axis, about the origin. */
export function scaling(x: number, y: number): Affine {
  return [x, 0, 0, 0, y, 0];
}

/** By x and y along the axes. */
export function translation(x: number, y: number): Affine {
  return [1, 0, x, 0, 1, y];
}

/** About the origin, from the x axis towards the y axis. */
export function rotation(angle: number): Affine {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [cos, -sin, 0, sin, cos, 0];
}
