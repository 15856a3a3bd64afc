/** What the readers of other projects' state dicts have in common. */
import type { Descriptor } from "../../base/descriptor.ts";
import { UserError } from "../../base/errors.ts";
import type { Tensor } from "../../tensor/index.ts";
import type { ModelContext } from "../context.ts";
import type { GeneratorNetwork } from "../network.ts";

/** Tensors by name. */
export type State = ReadonlyMap<string, Tensor>;

/** A generator of another project: its part of a recipe, and its weights under Gantry's names. */
export interface ImportedGenerator {
  /** The project, for messages. */
  readonly layout: string;
  readonly generator: Descriptor<"generator", ModelContext, GeneratorNetwork>;
  readonly image: { readonly channels: number; readonly size: number };
  /** Number of classes; 0 for none. */
  readonly classes: number;
  readonly state: State;
}

/** A layout: whether a state dict has it, and how it is read. */
export interface Layout {
  readonly name: string;
  matches(state: State): boolean;
  read(state: State): ImportedGenerator;
}

/**
 * The tensor of a name.
 * @throws UserError, in the name of the layout, when there is none.
 */
export function tensorOf(layout: string, state: State, name: string): Tensor {
  const tensor = state.get(name);
  if (tensor === undefined) {
    throw new UserError(`this looks like a generator of ${layout}, but it has no \`${name}\``);
  }
  return tensor;
}

/** How many of `name(0)`, `name(1)`, ... there are before the first that is missing. */
export function countOf(state: State, name: (index: number) => string): number {
  let count = 0;
  while (state.has(name(count))) count++;
  return count;
}

/** @throws UserError unless the channels are the factors of a known architecture times one width; returns the width. */
export function widthOf(layout: string, size: number, channels: readonly number[], factors: readonly number[]): number {
  const width = channels[channels.length - 1]! / factors[factors.length - 1]!;
  if (channels.length === factors.length && factors.every((factor, i) => factor * width === channels[i])) return width;
  throw new UserError(
    `this looks like a generator of ${layout} for ${size} pixels, but its channels (${channels.join(", ")}) are not in the proportion ${factors.join(" : ")}`,
  );
}

/** The layers of self-attention: the name in both projects, and Gantry's. */
export const ATTENTION = { theta: "query", phi: "key", g: "value", o: "output" };
