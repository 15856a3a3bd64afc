/** Where in a file of weights a network of a known layout lies. */
import { UserError } from "../../base/errors.ts";
import type { StateDictEntry } from "../../formats/index.ts";
import type { DiscriminatorLayout, GeneratorLayout } from "./layout.ts";
import { firstForm, isAveraged, prefixBefore } from "./names.ts";

/** A network in a file. */
export interface FoundNetwork<L> {
  readonly layout: L;
  /** The dictionary that holds it, as `readStateDict` takes it. */
  readonly entry: string;
  /** What stands before the names of its tensors there. */
  readonly prefix: string;
}

/** All networks of these layouts, those with averaged weights first, otherwise in the order of the file. */
export function findNetworks<L extends GeneratorLayout | DiscriminatorLayout>(
  entries: readonly StateDictEntry[],
  layouts: readonly L[],
): FoundNetwork<L>[] {
  const found: FoundNetwork<L>[] = [];
  for (const { entry, names } of entries) {
    const known = new Set(names.map(firstForm));
    for (const layout of layouts)
      for (const name of known)
        for (const anchor of layout.anchors) {
          const prefix = prefixBefore(anchor, name);
          if (prefix === undefined || !layout.matches({ has: (inner) => known.has(prefix + inner) })) continue;
          found.push({ layout, entry, prefix });
        }
  }
  return [...found.filter((one) => isAveraged(placeOf(one))), ...found.filter((one) => !isAveraged(placeOf(one)))];
}

/** Where it lies, as `--entry` takes it: "g_ema", "state_dict.netG"; "" for a file that holds it alone. */
export const placeOf = ({ entry, prefix }: { readonly entry: string; readonly prefix: string }): string =>
  [entry, prefix.replace(/\.$/, "")].filter((part) => part !== "").join(".");

/**
 * The one at `place`, or the first.
 * @throws UserError when there is none at that place.
 */
export function chooseNetwork<N extends FoundNetwork<unknown>>(found: readonly N[], place: string | undefined): N {
  const chosen = place === undefined ? found[0] : found.find((one) => placeOf(one) === place || one.entry === place);
  if (chosen !== undefined) return chosen;
  const places = found.map(placeOf).filter((one) => one !== "");
  const there = places.length > 0 ? places.map((one) => `\`${one}\``).join(", ") : "the whole file";
  throw new UserError(`there is no network that is known at \`${place}\`, but at: ${there}`);
}
