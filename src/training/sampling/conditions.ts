/** Conditions of samples: those of real samples, with some values set. */
import { suggestion, UserError } from "../../base/errors.ts";
import { scaledValue } from "../../data/index.ts";
import { type Generator, scope, type Tensor } from "../../tensor/index.ts";
import { type DataConditions, drawConditions } from "../step/gan.ts";
import type { Samplable } from "../trainable.ts";

/** Values of conditions by name, before scaling: `{ smiling: 1, age: 30 }`. */
export type ConditionValues = Readonly<Record<string, number>>;

/**
 * Conditions float [count, D] for samples: each row is that of a real sample, drawn from the stream, with the given values in
 * place of its own.
 *
 * @throws UserError for a name that is no condition or a value that a condition cannot have.
 */
export function conditionsFor(
  { columns, rows }: DataConditions,
  count: number,
  random: Generator,
  values: ConditionValues = {},
): Tensor {
  const set = Object.entries(values).map(([name, value]) => {
    const column = columns.findIndex((one) => one.name === name);
    if (column >= 0) return [column, scaledValue(columns[column]!, value)] as const;
    const names = columns.map((one) => one.name);
    throw new UserError(`\`${name}\` is no condition of this run${suggestion(name, names)}`);
  });
  return scope(() => {
    const drawn = drawConditions({ columns, rows }, count, random);
    for (const [column, value] of set) drawn.select(1, column).fill_(value);
    return drawn;
  });
}

/** @throws UserError when values of conditions are asked of a generator that does not look at any. */
export function refuseWithoutConditions({ generator, recipe, shape }: Samplable, values: ConditionValues): void {
  const wanted = `condition (=${Object.keys(values).join(", ")})`;
  if (shape.conditions === undefined) {
    const has = shape.classes.length > 0 ? "classes in place of them" : "none";
    throw new UserError(`${wanted}: samples have conditions where the data of a run have, and here they have ${has}`);
  }
  if (generator.takesLabels !== "none") return;
  const remedy =
    recipe.generator?.options.conditional === false
      ? "; to have them, train with --set generator.conditional=true --set discriminator.conditional=true"
      : "";
  throw new UserError(`${wanted}: the generator of this run was trained without conditions${remedy}`);
}
