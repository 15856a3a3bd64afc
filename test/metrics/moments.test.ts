import { expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { gaussianOf, Moments } from "../../src/metrics/formulas/index.ts";
import { liveTensors, scope, Tensor } from "../../src/tensor/index.ts";
import { expectClose, flat } from "../nn/oracle.ts";
import { double, normal, withValue } from "./stored.ts";

function inBatches(features: Tensor, size: number) {
  const moments = new Moments(features.shape[1]!);
  for (const batch of features.split(size)) moments.add(batch);
  const result = moments.result();
  moments.dispose();
  return result;
}

it("gives the mean and the unbiased covariance", () => {
  const { count, mean, covariance } = gaussianOf(
    double([
      [1, 10],
      [2, 30],
      [6, 20],
    ]),
  );
  expect([count, mean.dtype, covariance.dtype]).toEqual([3, "float64", "float64"]);
  expectClose(mean, [3, 20], { atol: 1e-15, rtol: 0 });
  expectClose(covariance, [7, 5, 5, 100], { atol: 1e-14, rtol: 0 });
});

it("agrees with the two passes of the definition, over several blocks of rows and of columns", () => {
  const features = normal(2500, 600)
    .mul(3)
    .add(Tensor.arange(0, 600, 1));
  const { mean, covariance } = gaussianOf(features);
  const wide = features.double();
  const centred = wide.sub(wide.mean(0));
  const expected = centred.transpose(0, 1).mm(centred).div(2499);
  expect(mean.sub(wide.mean(0)).abs().amax().item()).toBeLessThan(1e-11);
  expect(covariance.sub(expected).abs().amax().item()).toBeLessThan(1e-12);
  expect(covariance.sub(covariance.transpose(0, 1)).abs().amax().item()).toBe(0);
});

it("does not depend on the batch size", () => {
  const features = normal(3000, 7).mul(2).add(100);
  const whole = inBatches(features, 3000);
  for (const size of [1, 64, 1023, 1024, 1500]) {
    const parts = inBatches(features, size);
    expect(flat(parts.mean), `batches of ${size}`).toEqual(flat(whole.mean));
    expect(flat(parts.covariance), `batches of ${size}`).toEqual(flat(whole.covariance));
  }
});

it("keeps its digits where the mean is a million times the spread", () => {
  const small = normal(5000, 3).double();
  const { covariance } = gaussianOf(small.add(1e6));
  // The features themselves are rounded to 1e-10 there, of a spread of 1.
  expect(covariance.sub(gaussianOf(small).covariance).abs().amax().item()).toBeLessThan(1e-10);
});

it("keeps its digits when the first batch lies elsewhere", () => {
  const features = Tensor.cat([normal(2000, 3, 2).add(1000), normal(6000, 3)]).double();
  const centred = features.sub(features.mean(0));
  const expected = centred.transpose(0, 1).mm(centred).div(7999);
  expect(gaussianOf(features).covariance.div(expected).sub(1).abs().amax().item()).toBeLessThan(1e-12);
});

it("gives results on the way, without touching the sums", () => {
  const features = normal(1500, 4);
  const moments = new Moments(4);
  moments.add(features.narrow(0, 0, 700));
  expect(flat(moments.result().covariance)).toEqual(flat(gaussianOf(features.narrow(0, 0, 700)).covariance));
  moments.add(features.narrow(0, 700, 800));
  moments.add(features.narrow(0, 0, 0));
  expect(moments.count).toBe(1500);
  expect(flat(moments.result().covariance)).toEqual(flat(gaussianOf(features).covariance));
  moments.dispose();
  expect(moments.count).toBe(0);
});

it.each(["float16", "bfloat16", "float64"] as const)("takes %s", (dtype) => {
  const features = double([
    [1, -2],
    [3, 4],
  ]).to({ dtype });
  expectClose(gaussianOf(features).covariance, [2, 6, 6, 18], { atol: 1e-14, rtol: 0 });
});

it("frees all but its sums, and those when disposed", () => {
  const before = liveTensors();
  scope(() => {
    const moments = new Moments(5);
    for (let i = 0; i < 5; i++) scope(() => moments.add(normal(500, 5, i)));
    expect(liveTensors() - before).toBe(4);
    scope(() => void moments.result());
    expect(liveTensors() - before).toBe(4);
    moments.dispose();
    expect(liveTensors() - before).toBe(0);
    gaussianOf(normal(5, 5));
    expect(liveTensors() - before).toBe(3);
  });
  expect(liveTensors()).toBe(before);
});

it("says what is wrong", () => {
  const moments = new Moments(3);
  expect(() => new Moments(0)).toThrow(new UserError("`dimensions` (=0) must be a whole number of at least 1"));
  expect(() => moments.result()).toThrow(new UserError("a covariance needs at least 2 samples, there are 0"));
  moments.add(normal(1, 3));
  expect(() => moments.result()).toThrow(new UserError("a covariance needs at least 2 samples, there is 1"));
  expect(() => moments.add(normal(2, 4))).toThrow(new UserError("features must be [samples, 3], got [2, 4]"));
  expect(() => moments.add(Tensor.ones([3]))).toThrow(new UserError("features must be [samples, 3], got [3]"));
  const broken = withValue(withValue(normal(10, 3), 4, 1, Number.NaN), 7, 0, Number.NEGATIVE_INFINITY);
  expect(() => moments.add(broken)).toThrow(
    new UserError("features 1 to 10: 2 of 10 rows (the first is row 4) have values that are NaN or infinite"),
  );
  expect(moments.count).toBe(1);
});
