/** The checks of features for every score: enough rows of finite numbers, all of one width. */
import { counted } from "../../base/counted.ts";
import { UserError } from "../../base/errors.ts";
import { type Device, scope, type Tensor } from "../../tensor/index.ts";

/** Where sums in float64 are made: on the tensor's device, or on the CPU if it has no float64 (Apple's mps). */
export function deviceOfSums(device: Device): Device {
  return device.startsWith("mps") ? "cpu" : device;
}

/** The same rows in float64. */
export function inDouble(rows: Tensor): Tensor {
  const plain = rows.detach();
  return plain.to({ device: deviceOfSums(plain.device) }).double();
}

/**
 * @param what What the rows are, for the message: "the generated features".
 * @throws UserError unless `rows` is [N, D] with N of at least `least` and D of at least 1, all finite.
 */
export function requireRows(rows: Tensor, what: string, least: number): void {
  const shape = rows.shape;
  if (shape.length !== 2 || shape[1] === 0)
    throw new UserError(`${what} must be a matrix [samples, dimensions], got [${shape.join(", ")}]`);
  const count = shape[0]!;
  if (count < least)
    throw new UserError(`${what}: ${counted(count, "sample is", "samples are")} too few, at least ${least} needed`);
  requireFinite(rows, what);
}

/** @throws UserError when `a` and `b` have different numbers of columns. */
export function requireSameWidth(a: Tensor, b: Tensor, whatA: string, whatB: string): void {
  const [widthA, widthB] = [a.shape[1]!, b.shape[1]!];
  if (widthA !== widthB)
    throw new UserError(
      `${whatA} have ${widthA} dimensions and ${whatB} ${widthB}: both must come from the same feature network`,
    );
}

/** @throws UserError unless `value` is a whole number from `least` to `most`. */
export function requireWhole(value: number, name: string, least: number, most = Number.POSITIVE_INFINITY): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  const range = most === Number.POSITIVE_INFINITY ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new UserError(`\`${name}\` (=${value}) must be a whole number ${range}`);
}

/** @throws UserError for NaN and infinities, with the number of rows that have them and the first of these. */
export function requireFinite(rows: Tensor, what: string): void {
  scope(() => {
    const plain = rows.detach();
    // One pass without a mask in memory: a sum is finite only where every element is (float16 and float32 cannot
    // overflow a float64).
    const wide = plain.device.startsWith("mps") ? null : "float64";
    if (Number.isFinite(plain.sum(null, false, wide).item())) return;
    const bad = plain.isfinite().all(1).logicalNot().long();
    const count = bad.sum().item();
    if (count === 0) return;
    const first = bad.argmax().item();
    const rest =
      count === 1 ? `row ${first} has` : `${count} of ${rows.shape[0]} rows (the first is row ${first}) have`;
    throw new UserError(`${what}: ${rest} values that are NaN or infinite`);
  });
}
