/** Points of the plane over D's landscape, drawn on a canvas. */
import { useEffect, useRef } from "preact/hooks";
import { curveColour, useThemeName } from "../../parts/theme.ts";

/** What the engine draws of a generator of vectors. */
export interface SentPoints {
  readonly step: number;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly modes: readonly (readonly [x: number, y: number])[];
  readonly sigma?: number | undefined;
  readonly landscape?: readonly (number | null)[] | undefined;
  readonly side: number;
  readonly extent: number;
}

interface Props {
  readonly drawn: SentPoints;
  /** Points that are not kept are drawn open. */
  readonly isKept?: readonly boolean[];
}

/** Pixels along each side, a multiple of the landscape's places; the page scales it. */
const SIZE = 864;
/** Samples within this many standard deviations of a mode count as its own. */
const RING = 4;

export function PointCloud({ drawn, isKept }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useThemeName();
  // The theme changes the colours.
  useEffect(() => {
    const element = canvas.current!;
    const context = element.getContext("2d")!;
    const style = getComputedStyle(element);
    context.fillStyle = style.getPropertyValue("--card");
    context.fillRect(0, 0, SIZE, SIZE);
    if (drawn.landscape !== undefined) paintLandscape(context, drawn, drawn.landscape, curveColour(element, 0));
    paintModes(context, drawn, style.getPropertyValue("--ink-2"));
    paintPoints(context, drawn, isKept, curveColour(element, 1));
  }, [drawn, isKept, theme]);
  const { points, modes, step } = drawn;
  return (
    <canvas
      ref={canvas}
      class="cloud"
      width={SIZE}
      height={SIZE}
      role="img"
      aria-label={`${points.length} samples of step ${step}${modes.length === 0 ? "" : ` and ${modes.length} modes`}`}
    />
  );
}

/** From the data's plane to pixels: up is up. */
const placed = (extent: number, [x, y]: readonly [number, number]): readonly [number, number] => [
  ((x + extent) / (2 * extent)) * SIZE,
  ((extent - y) / (2 * extent)) * SIZE,
];

/** D's outputs by rank: shades of equal area, whatever the scale of D is. */
function paintLandscape(
  context: CanvasRenderingContext2D,
  { side }: SentPoints,
  landscape: readonly (number | null)[],
  colour: string,
): void {
  const sorted = landscape.filter((value) => value !== null).sort((a, b) => a - b);
  const rank = new Map(sorted.map((value, i) => [value, i / sorted.length]));
  const cell = SIZE / side;
  context.fillStyle = colour;
  for (const [i, value] of landscape.entries()) {
    if (value === null) continue;
    context.globalAlpha = 0.5 * rank.get(value)!;
    const row = side - 1 - Math.floor(i / side);
    context.fillRect((i % side) * cell, row * cell, cell, cell);
  }
  context.globalAlpha = 1;
}

function paintModes(context: CanvasRenderingContext2D, { modes, sigma = 0, extent }: SentPoints, colour: string): void {
  context.strokeStyle = colour;
  context.lineWidth = 2;
  for (const mode of modes) {
    context.beginPath();
    context.arc(...placed(extent, mode), Math.max(4, ((RING * sigma) / (2 * extent)) * SIZE), 0, 2 * Math.PI);
    context.stroke();
  }
}

function paintPoints(
  context: CanvasRenderingContext2D,
  { points, extent }: SentPoints,
  isKept: readonly boolean[] | undefined,
  colour: string,
): void {
  context.fillStyle = colour;
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  const radius = points.length > 500 ? 2.2 : 4;
  for (const [i, point] of points.entries()) {
    context.beginPath();
    context.arc(...placed(extent, point), radius, 0, 2 * Math.PI);
    if (isKept?.[i] === false) context.stroke();
    else context.fill();
  }
}
