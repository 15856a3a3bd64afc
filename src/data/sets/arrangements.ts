/** Where the modes of a mixture lie in the plane. */
import { UserError } from "../../base/errors.ts";

/** The arrangements that {@link centresOf} knows. */
export const arrangements = ["grid", "ring", "spiral"] as const;

/** See {@link centresOf}. */
export type Arrangement = (typeof arrangements)[number];

/** A point of the plane. */
export type Point = readonly [x: number, y: number];

/**
 * The centres of a mixture's modes, around the origin.
 *
 * - `grid`: a square of sqrt(modes) x sqrt(modes), neighbours `spacing` apart along both axes
 * - `ring`: on a circle, neighbours `spacing` apart (radius spacing / (2 sin(pi / modes)))
 * - `spiral`: on r = spacing * angle / pi from one turn outwards, neighbours `spacing` apart and turns two spacings
 *
 * @throws UserError when a grid's number of modes is no square.
 *
 * @example
 * centresOf("grid", 4, 1); // [[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]]
 */
export function centresOf(arrangement: Arrangement, modes: number, spacing: number): Point[] {
  if (arrangement === "grid") return grid(modes, spacing);
  if (arrangement === "ring") return ring(modes, spacing);
  return spiral(modes, spacing);
}

/** Whether a whole number is a square. */
export function isSquare(value: number): boolean {
  return Math.round(Math.sqrt(value)) ** 2 === value;
}

function grid(modes: number, spacing: number): Point[] {
  if (!isSquare(modes)) throw new UserError(`\`modes\` (=${modes}) of a grid must be a square number`);
  const side = Math.round(Math.sqrt(modes));
  const along = (index: number): number => (index - (side - 1) / 2) * spacing;
  return Array.from({ length: modes }, (_, i) => [along(i % side), along(Math.floor(i / side))]);
}

function ring(modes: number, spacing: number): Point[] {
  const radius = modes === 1 ? 0 : spacing / (2 * Math.sin(Math.PI / modes));
  return Array.from({ length: modes }, (_, i) => polar(radius, (2 * Math.PI * i) / modes));
}

function spiral(modes: number, spacing: number): Point[] {
  const at = (angle: number): Point => polar((spacing * angle) / Math.PI, angle);
  const points: Point[] = [];
  for (let angle = 2 * Math.PI; points.length < modes; ) {
    const from = at(angle);
    points.push(from);
    // Within half a turn the distance from a point of the spiral only grows.
    let [low, high] = [angle, angle + Math.PI];
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      const [x, y] = at(middle);
      if (Math.hypot(x - from[0], y - from[1]) < spacing) low = middle;
      else high = middle;
    }
    angle = high;
  }
  return points;
}

function polar(radius: number, angle: number): Point {
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}
