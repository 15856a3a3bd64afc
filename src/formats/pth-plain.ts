/**
 * From what a pickle returned to plain values that anybody can walk.
 *
 * A pickle of a kilobyte can return a list that holds one list ten times, which holds one list ten times, and so on: a small
 * graph, but 10^20 items for whoever walks it as a tree. It can hold itself, and be nested deeper than any stack. So the
 * graph is measured as a tree first, and refused when no checkpoint is like it.
 */
import { UserError } from "../base/errors.ts";
import type { Tensor } from "../tensor/index.ts";
import { describePickled, type PickleKey, type PickleValue } from "./pickle-values.ts";
import { StoredTensor } from "./pth-names.ts";

/** What a checkpoint holds: dictionaries are maps (their keys may be numbers), lists and tuples arrays. */
export type PthValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Tensor
  | readonly PthValue[]
  | ReadonlyMap<PickleKey, PthValue>;

const DEEPEST = 100;
const MOST_VALUES = 10_000_000;

/** Converts with `tensorOf` for each tensor, once. Throws UserError naming `path` for graphs that are no checkpoint's. */
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
    else if (Array.isArray(inner)) plain = (inner as readonly PickleValue[]).map(convert);
    else throw new UserError(`${path}: refused: the file holds ${describePickled(inner)} where a value is expected`);
    done.set(inner, plain);
    return plain;
  };
  return convert(value);
}

/** How many values a graph holds when it is written out as a tree. */
function measure(value: PickleValue, path: string, depth: number, sizes: Map<PickleValue, number>): number {
  if (!(value instanceof Map) && !Array.isArray(value)) return 1;
  const known = sizes.get(value);
  if (known !== undefined) {
    if (Number.isNaN(known)) throw new UserError(`${path}: refused: ${describePickled(value)} holds itself`);
    return known;
  }
  if (depth === DEEPEST) throw new UserError(`${path}: refused: its values are nested more than ${DEEPEST} deep`);
  sizes.set(value, Number.NaN);
  let size = 1;
  for (const inner of value.values() as Iterable<PickleValue>) size += measure(inner, path, depth + 1, sizes);
  if (size > MOST_VALUES) {
    throw new UserError(`${path}: refused: written out, it would hold more than ${MOST_VALUES} values`);
  }
  sizes.set(value, size);
  return size;
}
