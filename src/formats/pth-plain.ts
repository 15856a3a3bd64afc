/**
 * Turns the result of a pickle into plain values that are safe to walk.
 *
 * A pickle of a kilobyte can return a list that holds one list ten times, which holds one list ten times, and so on: a small
 * graph, but 10^20 items when it is walked as a tree. It can hold itself, and be nested deeper than any stack. So the
 * graph is first measured as a tree, and refused when it is far larger than any checkpoint.
 */
import { UserError } from "../base/errors.ts";
import type { Tensor } from "../tensor/index.ts";
import { describePickled, type PickleKey, type PickleValue, Skipped } from "./pickle-values.ts";
import { StoredTensor } from "./pth-names.ts";

/** An object that was passed over, or a class: its Python name. */
export interface SkippedObject {
  readonly skipped: string;
}

/** What a checkpoint holds: dictionaries are maps (their keys may be numbers), lists and tuples arrays. */
export type PthValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Tensor
  | SkippedObject
  | readonly PthValue[]
  | ReadonlyMap<PickleKey, PthValue>;

const DEEPEST = 100;
const MOST_VALUES = 10_000_000;

/**
 * Converts with `tensorOf` for each tensor, once.
 * @throws UserError naming `path` for graphs that are no checkpoint's.
 */
export function toPlain(value: PickleValue, path: string, tensorOf: (stored: StoredTensor) => Tensor): PthValue {
  measure(value, path, 0, new Map());
  const done = new Map<PickleValue, PthValue>();
  const convert = (inner: PickleValue): PthValue => {
    if (typeof inner !== "object" || inner === null || inner instanceof Uint8Array) return inner;
    const known = done.get(inner);
    if (known !== undefined) return known;
    let plain: PthValue;
    if (inner instanceof Map) plain = new Map(Array.from(inner, ([key, item]) => [key, convert(item)]));
    else if (inner instanceof StoredTensor) plain = tensorOf(inner);
    else if (inner instanceof Skipped) plain = { skipped: inner.kind };
    else if (Array.isArray(inner)) plain = (inner as readonly PickleValue[]).map(convert);
    else throw new UserError(`${path}: refused: the file holds ${describePickled(inner)} where a value is expected`);
    done.set(inner, plain);
    return plain;
  };
  return convert(value);
}

/** A part of the graph, written out as a tree. */
interface Extent {
  /** How many values it holds, itself included. */
  readonly size: number;
  /** How deep it is nested: 0 for a value that holds none. */
  readonly height: number;
}

const LEAF: Extent = { size: 1, height: 0 };

/** Measures a graph that hangs `depth` deep; `extents` has what was measured, and null for what is being measured. */
function measure(value: PickleValue, path: string, depth: number, extents: Map<PickleValue, Extent | null>): Extent {
  if (!(value instanceof Map) && !Array.isArray(value)) return LEAF;
  const known = extents.get(value);
  if (known === null) throw new UserError(`${path}: refused: ${describePickled(value)} holds itself`);
  if (depth + (known?.height ?? 0) >= DEEPEST) {
    throw new UserError(`${path}: refused: its values are nested more than ${DEEPEST} deep`);
  }
  if (known !== undefined) return known;
  extents.set(value, null);
  let size = 1;
  let height = 0;
  for (const inner of value.values() as Iterable<PickleValue>) {
    const extent = measure(inner, path, depth + 1, extents);
    size += extent.size;
    height = Math.max(height, extent.height + 1);
  }
  if (size > MOST_VALUES) {
    throw new UserError(`${path}: refused: written out, it would hold more than ${MOST_VALUES} values`);
  }
  const extent = { size, height };
  extents.set(value, extent);
  return extent;
}
