/** Images moved by whole pixels, and mirrored: no interpolation. */
import { Tensor } from "../../tensor/index.ts";
import type { ImageForm } from "./images.ts";

/** The move of one image in pixels, y downwards. It is mirrored first. */
export interface Move {
  readonly right: number;
  readonly down: number;
  /** Left and right exchanged. */
  readonly mirrored?: boolean;
}

/** What comes in at the edges: 0, the middle gray, or the image reflected about its outermost pixels. */
export type Beyond = "zeros" | "reflection";

/** The index that a coordinate outside 0 ... size - 1 reflects to: 2 1 | 0 1 2 3 | 2 1. */
export function reflected(at: number, size: number): number {
  const period = Math.max(1, 2 * (size - 1));
  const within = ((at % period) + period) % period;
  return Math.min(within, period - within);
}

/** Where each row and each column of the moved images comes from: [B, 1, H, 1] and [B, 1, 1, W], int64. */
export type Places = { readonly rows: Tensor; readonly columns: Tensor };

/** The places of moves of images [B, C, H, W], on the CPU. */
export function placesOf(moves: readonly Move[], { shape }: ImageForm, beyond: Beyond): Places {
  const [batch, , height, width] = shape;
  const lookUp = (at: number, size: number): number =>
    beyond === "zeros" ? Math.min(Math.max(at, -1), size) + 1 : reflected(at, size);
  const rows = moves.flatMap(({ down }) => Array.from({ length: height }, (_, y) => lookUp(y - down, height)));
  const columns = moves.flatMap(({ right, mirrored }) =>
    Array.from({ length: width }, (_, x) => lookUp(mirrored ? width - 1 - (x - right) : x - right, width)),
  );
  return {
    rows: Tensor.fromArray(rows, [batch, 1, height, 1], { dtype: "int64" }),
    columns: Tensor.fromArray(columns, [batch, 1, 1, width], { dtype: "int64" }),
  };
}

/**
 * Each image of [B, C, H, W] moved by its own move, whose places are given on the images' device. Values are copied, so it is
 * exact, and differentiable any number of times.
 */
export function shift(images: Tensor, { rows, columns }: Places, beyond: Beyond): Tensor {
  const [batch, channels, height, width] = images.shape as [number, number, number, number];
  // One row of zeros on each side is enough: all places outside are looked up there.
  const padded = beyond === "zeros" ? images.constantPad([1, 1, 1, 1]) : images;
  return padded
    .gather(2, rows.expand([batch, channels, height, padded.shape[3]!]))
    .gather(3, columns.expand([batch, channels, height, width]));
}
