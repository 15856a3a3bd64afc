import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import {
  factored,
  frechetDistance,
  frechetToFactored,
  type Gaussian,
  gaussianOf,
} from "../../src/metrics/formulas/index.ts";
import { Generator, liveTensors, scope, Tensor } from "../../src/tensor/index.ts";
import { double, fake, normal, real, stored } from "./stored.ts";

const gaussian = (mean: Tensor, covariance: Tensor): Gaussian => ({ count: 1000, mean, covariance });
const diagonal = (mean: number[], variances: number[]): Gaussian =>
  gaussian(double(mean), Tensor.eye(mean.length, { dtype: "float64" }).mul(double(variances)));
const rotation = (n: number, seed = 5): Tensor =>
  Tensor.randn([n, n], { dtype: "float64", generator: new Generator(seed) }).linalgQr()[0];
const rotated = (basis: Tensor, values: number[]): Tensor => {
  const matrix = basis.mul(double(values)).mm(basis.transpose(0, 1));
  return matrix.add(matrix.transpose(0, 1)).div(2);
};

function expectDistance(a: Gaussian, b: Gaussian, expected: number, tolerance: number): void {
  expect(Math.abs(frechetDistance(a, b) - expected)).toBeLessThanOrEqual(tolerance);
  expect(Math.abs(frechetDistance(b, a) - expected)).toBeLessThanOrEqual(tolerance);
}

describe("closed forms", () => {
  it("in one dimension is (difference of means)^2 + (difference of deviations)^2", () => {
    expectDistance(diagonal([1], [4]), diagonal([-2], [25]), 9 + 9, 1e-14);
  });

  it("of diagonal covariances is a sum over dimensions", () => {
    expectDistance(diagonal([0, 0, 1], [1, 4, 9]), diagonal([3, 0, 0], [16, 1, 9]), 9 + 1 + 9 + 1, 1e-13);
  });

  it("of covariances that commute is that of their eigenvalues, also with a condition of 1e12", () => {
    const basis = rotation(6);
    const [p, q] = [
      [1, 1e-2, 1e-4, 1e-6, 1e-9, 1e-12],
      [1e-12, 1e-3, 4e-4, 2, 1, 3],
    ];
    const expected = p!.reduce((sum, value, i) => sum + (Math.sqrt(value) - Math.sqrt(q![i]!)) ** 2, 0);
    const zero = Tensor.zeros([6], { dtype: "float64" });
    // Eigenvalues as small as 1e-12 are only known to 1e-16, and their square roots to 1e-10.
    expectDistance(gaussian(zero, rotated(basis, p!)), gaussian(zero, rotated(basis, q!)), expected, 1e-8);
  });

  it("of a set with itself is round-off, not its root", () => {
    for (const features of [normal(5000, 40), normal(200, 40).mul(1e3), normal(20, 40)]) {
      const a = gaussianOf(features);
      expect(frechetDistance(a, a)).toBeLessThan(1e-12 * a.covariance.diagonal().sum().item());
    }
  });

  it("of a shifted set is the shift's square, of a stretched one that of the deviations", () => {
    const features = normal(400, 10).double();
    const a = gaussianOf(features);
    const trace = a.covariance.diagonal().sum().item();
    expectDistance(a, gaussianOf(features.add(2)), 40, 1e-11);
    expectDistance(a, gaussianOf(features.sub(a.mean).mul(3).add(a.mean)), 4 * trace, 1e-11);
  });

  it("scales with the square of the features and not with rotations", () => {
    const basis = rotation(6);
    const turn = (rows: Tensor): Gaussian => gaussianOf(rows.mm(basis));
    const distance = frechetDistance(gaussianOf(real), gaussianOf(fake));
    expectDistance(gaussianOf(real.mul(50)), gaussianOf(fake.mul(50)), 2500 * distance, 1e-8);
    expectDistance(turn(real), turn(fake), distance, 1e-10);
  });
});

describe("covariances without full rank", () => {
  const none = diagonal([0, 0, 0], [0, 0, 0]);

  it("all zero leaves the means and the other trace", () => {
    expectDistance(none, none, 0, 0);
    expectDistance(none, diagonal([1, 2, 3], [0, 0, 0]), 14, 0);
    expectDistance(none, diagonal([1, 2, 3], [4, 5, 6]), 14 + 15, 0);
  });

  it("of rank 1 is |u|^2 + |v|^2 - 2 |u . v|", () => {
    const [u, v] = [double([1, 2, -2]), double([3, 0, 4])];
    const zero = Tensor.zeros([3], { dtype: "float64" });
    expectDistance(gaussian(zero, u.outer(u)), gaussian(zero, v.outer(v)), 9 + 25 - 2 * 5, 1e-13);
    expectDistance(gaussian(zero, u.outer(u)), diagonal([0, 0, 0], [1, 1, 1]), 9 + 3 - 2 * 3, 1e-13);
  });

  it("of subspaces at right angles is the sum of the traces", () => {
    expectDistance(diagonal([0, 0, 0, 0], [2, 3, 0, 0]), diagonal([0, 0, 0, 0], [0, 0, 5, 7]), 17, 1e-13);
  });

  it("treats constant features as variance 0, not as variances of 1e-6", () => {
    const constant = Tensor.full([400, 3], 7, { dtype: "float64" });
    const [a, b] = [normal(400, 5).double(), normal(400, 5, 2).mul(2).double()];
    const distance = frechetDistance(gaussianOf(a), gaussianOf(b));
    const wide = (rows: Tensor): Gaussian => gaussianOf(Tensor.cat([rows, constant], 1));
    expectDistance(wide(a), wide(b), distance, 1e-11);
  });

  it("takes features that repeat others", () => {
    const [a, b] = [normal(400, 5).double(), normal(400, 5, 2).mul(2).double()];
    const distance = frechetDistance(gaussianOf(a), gaussianOf(b));
    const twice = (rows: Tensor): Gaussian => gaussianOf(Tensor.cat([rows, rows], 1));
    expectDistance(twice(a), twice(b), 2 * distance, 1e-10);
  });

  it("of fewer samples than dimensions agrees with singular values of the data", () => {
    const { fewA, fewB, many, fewFew, fewMany } = stored.singular;
    expectDistance(gaussianOf(double(fewA)), gaussianOf(double(fewB)), fewFew, 1e-11);
    expectDistance(gaussianOf(double(fewA)), gaussianOf(double(many)), fewMany, 1e-11);
  });

  it("of two samples is known from their differences", () => {
    const pair = (x: number[], y: number[]): Gaussian => gaussianOf(double([x, y]));
    // Differences (2, 0) and (0, 4): variances 2 and 8 at right angles.
    expectDistance(pair([0, 0], [2, 0]), pair([1, -2], [1, 2]), 2 + 8, 1e-13);
  });
});

describe("pytorch-fid's function", () => {
  it("gives the same for stored features", () => {
    expectDistance(gaussianOf(real), gaussianOf(fake), stored.frechet, 1e-10);
  });

  it("gives the same for covariances with a condition of 1e6", () => {
    const { meanA, covarianceA, meanB, covarianceB, distance } = stored.conditioned;
    // sqrtm of a product with a condition of 1e12 loses more than we do.
    expectDistance(
      gaussian(double(meanA), double(covarianceA)),
      gaussian(double(meanB), double(covarianceB)),
      distance,
      1e-9,
    );
  });
});

it("falls back on singular values where squares would drown them", () => {
  // Singular values of the product: 1 and 1,000 times 1e-9, whose squares 1e-18 lie below the round-off of 1.
  const values = [1, ...Array.from({ length: 200 }, () => 1e-9)];
  const basis = rotation(201);
  const zero = Tensor.zeros([201], { dtype: "float64" });
  const a = gaussian(zero, rotated(basis, values));
  expect(frechetDistance(a, a)).toBeLessThan(1e-13);
});

it("takes a factor that was made before", () => {
  const [a, b] = [gaussianOf(real), gaussianOf(fake)];
  expect(frechetToFactored(a, factored(b))).toBe(frechetDistance(a, b));
});

it("frees its tensors", () => {
  scope(() => {
    const [a, b] = [gaussianOf(real), gaussianOf(fake)];
    const before = liveTensors();
    frechetDistance(a, b);
    expect(liveTensors()).toBe(before);
  });
});

it("says what is wrong", () => {
  const [a, b] = [gaussianOf(normal(9, 3)), gaussianOf(normal(9, 4))];
  expect(() => frechetDistance(a, b)).toThrow(
    new UserError("the Fréchet distance needs Gaussians of the same dimensions, got 3 and 4"),
  );
  expect(() => frechetDistance(a, { ...a, covariance: b.covariance })).toThrow(
    new UserError("a Gaussian of mean [3] needs a covariance of that size squared, got [4, 4]"),
  );
  expect(() => frechetDistance({ ...a, covariance: a.covariance.mul(Number.NaN) }, a)).toThrow(
    new UserError("a Gaussian has values that are NaN or infinite"),
  );
  expect(() => frechetDistance({ ...a, mean: a.mean.float() }, a)).toThrow(
    new UserError("a Gaussian is kept in float64, got float32 and float64"),
  );
});
