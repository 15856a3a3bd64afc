/**
 * The numbers that operators of a step get from the host. Where steps are captured and replayed they have to be the same in all steps
 * of a key: a number that is not, and of which nothing was said, would stay as it was at the capture.
 */
import { UserError } from "../../base/errors.ts";
import { type OperatorCall, Tensor, watchOperators } from "../../tensor/index.ts";

/** A call of an operator, without its tensors. */
type Call = string;

function callOf({ operator, given }: OperatorCall): Call {
  const told = JSON.stringify(given, (_, value: unknown) => (value instanceof Tensor ? "tensor" : value));
  return `${operator}${told.replace(/^\[/, "(").replace(/\]$/, ")")}`;
}

/** The constants of the steps of one key. */
export class HostConstants {
  /** The calls of a step, and the number of that step; observed steps have more calls. */
  readonly #calls = new Map<boolean, { readonly step: number; readonly calls: readonly Call[] }>();

  /**
   * Runs a step, and compares its constants with those of the step before.
   *
   * @param step - Its number, from 1.
   * @throws UserError when they differ.
   */
  during<T>(run: () => T, observed: boolean, step: number): T {
    const calls: Call[] = [];
    const result = watchOperators({ called: (call) => void calls.push(callOf(call)), read() {} }, run);
    const before = this.#calls.get(observed);
    if (before === undefined) this.#calls.set(observed, { step, calls });
    else refuseOther(before, calls, step);
    return result;
  }
}

function refuseOther(before: { step: number; calls: readonly Call[] }, calls: readonly Call[], step: number): void {
  const length = Math.max(before.calls.length, calls.length);
  for (let i = 0; i < length; i++) {
    const [then, now] = [before.calls[i] ?? "nothing", calls[i] ?? "nothing"];
    if (then === now) continue;
    throw new UserError(
      `\`graph\` (=true): step ${step} computes ${now} where step ${before.step} computed ${then}, and nothing in the recipe says that this changes, so a replay would be wrong; leave \`graph\` out`,
    );
  }
}
