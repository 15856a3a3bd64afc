/** The dictionaries of tensors inside a checkpoint, and what stands between the tensors in them. */
import type { PickleKey, PickleValue } from "./pickle-values.ts";
import { StoredTensor } from "./pth-names.ts";

/** A dictionary that holds at least one tensor. */
export interface TensorDictionary {
  /** The keys that lead to it, joined by dots; "" for the outermost dictionary. */
  readonly entry: string;
  readonly dictionary: Map<PickleKey, PickleValue>;
}

const DEEPEST = 5;
/** Containers that are looked at: an optimizer has one for each weight. */
const MOST_CONTAINERS = 100_000;

type PickleContainer = Map<PickleKey, PickleValue> | readonly PickleValue[];

const isContainer = (value: PickleValue): value is PickleContainer => value instanceof Map || Array.isArray(value);

const entriesOf = (container: PickleContainer): Iterable<[PickleKey, PickleValue]> => container.entries();

/** All of them, outer before inner, in the order of the file. */
export function tensorDictionaries(value: PickleValue): TensorDictionary[] {
  const found: TensorDictionary[] = [];
  const seen = new Set<PickleContainer>();
  let level: (readonly [path: readonly string[], value: PickleContainer])[] = isContainer(value) ? [[[], value]] : [];
  for (let depth = 0; depth <= DEEPEST && level.length > 0; depth++) {
    const next: typeof level = [];
    for (const [path, container] of level) {
      if (seen.has(container) || seen.size >= MOST_CONTAINERS) continue;
      seen.add(container);
      const entries = [...entriesOf(container)];
      if (container instanceof Map && entries.some(([, inner]) => inner instanceof StoredTensor))
        found.push({ entry: path.join("."), dictionary: container });
      for (const [key, inner] of entries) if (isContainer(inner)) next.push([[...path, String(key)], inner]);
    }
    level = next;
  }
  return found;
}

/** Whether the value is a tensor or holds one, however deep. */
export function holdsTensor(value: PickleValue): boolean {
  const seen = new Set<PickleValue>();
  const pending = [value];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next instanceof StoredTensor) return true;
    if (!isContainer(next) || seen.has(next)) continue;
    seen.add(next);
    for (const [, inner] of entriesOf(next)) pending.push(inner);
  }
  return false;
}
