/** The numbers that a user's step returns, checked. */
import { UserError } from "../../base/errors.ts";
import { noGrad, Tensor } from "../../tensor/index.ts";
import type { StepResult } from "../trainable.ts";

/** Keys of a log line that a step cannot have. */
const TAKEN = ["step", "epoch", "event", "seconds", "imagesPerSecond"];

/**
 * The numbers by name, as one tensor on their device.
 *
 * @param before - The names that the step returned before; undefined in the first step.
 * @throws UserError when they are no numbers by name, or other ones than before.
 */
export function numbersOf(
  returned: unknown,
  step: number,
  before: readonly string[] | undefined,
): Pick<StepResult, "names" | "values"> {
  const refuse = (what: string): UserError => new UserError(`step ${step}: ${what}`);
  if (typeof (returned as { then?: unknown } | undefined)?.then === "function") {
    // The rest of an asynchronous step may throw, because its tensors are freed. That must not end the process.
    (returned as Promise<unknown>).then(undefined, () => {});
    throw refuse("the step returned a promise; it must be a plain function, without `async`");
  }
  if (typeof returned !== "object" || returned === null || Tensor.isTensor(returned) || Array.isArray(returned)) {
    const what = Tensor.isTensor(returned) ? "a tensor" : Array.isArray(returned) ? "a list" : String(returned);
    throw refuse(`the step must return the numbers to log, such as { lossD, lossG }; it returned ${what}`);
  }
  const names = Object.keys(returned);
  if (names.length === 0) throw refuse("the step must return at least one number to log; it returned {}");
  if (before !== undefined && (names.length !== before.length || names.some((name) => !before.includes(name)))) {
    throw refuse(`the step returned ${names.join(", ")}, and before ${before.join(", ")}; it must always be the same`);
  }
  const taken = names.find((name) => TAKEN.includes(name));
  if (taken !== undefined) throw refuse(`a number cannot be called \`${taken}\`; the log has a number of that name`);
  const order = before ?? names;
  const given = order.map((name) => (returned as Record<string, unknown>)[name]);
  const device = given.find(Tensor.isTensor)?.device;
  const values = noGrad(() => Tensor.stack(given.map((value, i) => oneNumber(value, order[i]!, device, refuse))));
  return { names: order, values };
}

/** One of the numbers as a float32 tensor without dimensions. */
function oneNumber(
  value: unknown,
  name: string,
  device: string | undefined,
  refuse: (what: string) => UserError,
): Tensor {
  if (typeof value === "number") return Tensor.full([], value, { device });
  if (!Tensor.isTensor(value))
    throw refuse(`\`${name}\` must be a number or a tensor of one element; it is ${String(value)}`);
  if (value.numel !== 1) {
    throw refuse(`\`${name}\` is a tensor of shape [${value.shape.join(", ")}]; take its mean() or sum()`);
  }
  return value.detach().reshape([]).to({ dtype: "float32", device });
}
