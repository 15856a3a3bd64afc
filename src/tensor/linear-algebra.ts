/** Products, distances, decompositions. Matrices are the last two dimensions; those before them are a batch. */
import { checked, method, operator } from "./operator.ts";
import type { Tensor } from "./tensor.ts";

const addmm = operator("aten::addmm(self, mat1, mat2, beta, alpha)");
const addmv = operator("aten::addmv(self, mat, vec, beta, alpha)");
const baddbmm = operator("aten::baddbmm(self, batch1, batch2, beta, alpha)");
const tensordot = operator("aten::tensordot(self, other, dims_self, dims_other)");
const linear = operator("aten::linear(input, weight, bias)");
const eigh = operator<[Tensor, Tensor]>("aten::linalg_eigh(self, UPLO)");
const eigvalsh = operator("aten::linalg_eigvalsh(self, UPLO)");
const svd = operator<[Tensor, Tensor, Tensor]>("aten::linalg_svd(A, full_matrices)");
const lstsq = operator<[Tensor, Tensor, Tensor, Tensor]>("aten::linalg_lstsq(self, b)");
const pinv = operator("aten::linalg_pinv(self, rcond)");
const matrixRank = operator("aten::linalg_matrix_rank(self, tol)");
const solveTriangular = operator("aten::linalg_solve_triangular(self, B, upper)");

/** The factors of {@link Tensor.addmm} and its like, 1 unless given. */
export interface ProductOptions {
  readonly beta?: number;
  readonly alpha?: number;
}

/** Linear algebra of Tensor. */
export const linearAlgebra = {
  /** The matrix product, batched over leading dimensions. */
  matmul: method<(other: Tensor) => Tensor>("aten::matmul(self, other)"),
  /** [n, m] by [m, p]. */
  mm: method<(mat2: Tensor) => Tensor>("aten::mm(self, mat2)"),
  /** [b, n, m] by [b, m, p]. */
  bmm: method<(mat2: Tensor) => Tensor>("aten::bmm(self, mat2)"),
  /** [n, m] by [m]. */
  mv: method<(vec: Tensor) => Tensor>("aten::mv(self, vec)"),
  /** The inner product of two vectors. */
  dot: method<(tensor: Tensor) => Tensor>("aten::dot(self, tensor)"),
  /** The sum of products along the last dimension of both. */
  inner: method<(other: Tensor) => Tensor>("aten::inner(self, other)"),
  /** The outer product of two vectors. */
  outer: method<(vec2: Tensor) => Tensor>("aten::outer(self, vec2)"),
  /** The cross product of vectors with three entries along `dim`, the last unless given. */
  cross: method<(other: Tensor, dim?: number) => Tensor>("aten::linalg_cross(self, other, dim)"),
  /** The Kronecker product. */
  kron: method<(other: Tensor) => Tensor>("aten::kron(self, other)"),
  /** beta * self + alpha * mat1 mat2 */
  addmm(this: Tensor, mat1: Tensor, mat2: Tensor, options: ProductOptions = {}): Tensor {
    const { beta = 1, alpha = 1 } = checked("addmm", options, "beta", "alpha");
    return addmm(this, mat1, mat2, beta, alpha);
  },
  /** beta * self + alpha * mat vec */
  addmv(this: Tensor, mat: Tensor, vec: Tensor, options: ProductOptions = {}): Tensor {
    const { beta = 1, alpha = 1 } = checked("addmv", options, "beta", "alpha");
    return addmv(this, mat, vec, beta, alpha);
  },
  /** beta * self + alpha * batch1 batch2, for each matrix of a batch. */
  baddbmm(this: Tensor, batch1: Tensor, batch2: Tensor, options: ProductOptions = {}): Tensor {
    const { beta = 1, alpha = 1 } = checked("baddbmm", options, "beta", "alpha");
    return baddbmm(this, batch1, batch2, beta, alpha);
  },
  /** Sums products over the last `dims` dimensions of self and the first of other, or over [those of self, those of other]. */
  tensordot(this: Tensor, other: Tensor, dims: number | readonly [readonly number[], readonly number[]] = 2): Tensor {
    if (typeof dims !== "number") return tensordot(this, other, dims[0], dims[1]);
    const most = Math.min(this.ndim, other.ndim);
    if (!(Number.isInteger(dims) && dims >= 0 && dims <= most)) {
      throw new RangeError(
        `tensordot: dims (=${dims}) must be a whole number from 0 to ${most}, the dimensions of both`,
      );
    }
    const range = Array.from({ length: dims }, (_, i) => i);
    return tensordot(
      this,
      other,
      range.map((i) => i - dims),
      range,
    );
  },
  /** self weight^T + bias, with weight [out, in]. */
  linear(this: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
    return linear(this, weight, bias);
  },
  /** self1^T weight self2 + bias, with weight [out, in1, in2]. */
  bilinear: method<(input2: Tensor, weight: Tensor, bias?: Tensor | null) => Tensor>(
    "aten::bilinear(input1, input2, weight, bias)",
  ),
  /** The p-norm distances [..., n, m] of the rows of self [..., n, d] from those of other [..., m, d]; p is 2 unless given. No second derivative. */
  cdist: method<(other: Tensor, p?: number) => Tensor>("aten::cdist(x1, x2, p)"),
  /** The p-norm distances of all pairs of rows, as a vector: (0, 1), (0, 2) ... (1, 2) ...; p is 2 unless given. */
  pdist: method<(p?: number) => Tensor>("aten::pdist(self, p)"),
  /** The p-norm distance of each row from the other's row; p is 2, eps (added to the difference) 1e-6 unless given. */
  pairwiseDistance: method<(other: Tensor, p?: number, eps?: number, keepdim?: boolean) => Tensor>(
    "aten::pairwise_distance(x1, x2, p, eps, keepdim)",
  ),
  // The binding's own (native/distances.cc): what operators would keep for its gradient grows with the vectors' length.
  /** The L1 distances [N, N, B] between vectors [N, B, C]: of self[i, b] from self[j, b]. */
  pairwiseL1: method<() => Tensor>("gantry::pairwise_l1(self)"),
  // The binding's own (native/spectral-norm.cc): made of operators, its backward pass goes over the weight ten times.
  /**
   * self / sigma, where self [N, ...] is the matrix [N, M] of its rows as they lie in memory and sigma is u^T self v, computed
   * already: it is differentiated, u [N] and v [M] are constants.
   */
  overSpectralNorm: method<(u: Tensor, v: Tensor, sigma: Tensor) => Tensor>(
    "gantry::over_spectral_norm(self, u, v, sigma)",
  ),
  /** x y / (|x| |y|) along `dim` (1), each norm at least eps (1e-8). */
  cosineSimilarity: method<(other: Tensor, dim?: number, eps?: number) => Tensor>(
    "aten::cosine_similarity(x1, x2, dim, eps)",
  ),
  /** self / max(p-norm along dim, eps), as F.normalize. */
  normalize(this: Tensor, p = 2, dim = 1, eps = 1e-12): Tensor {
    return this.div(this.norm(p, dim, true).clampMin(eps));
  },
  /** The sum of a matrix's diagonal. */
  trace: method<() => Tensor>("aten::trace(self)"),
  /** The determinant. */
  det: method<() => Tensor>("aten::det(self)"),
  /** The logarithm of the determinant; NaN where that is negative. */
  logdet: method<() => Tensor>("aten::logdet(self)"),
  /** The sign of the determinant, and the logarithm of its absolute value. */
  slogdet: method<() => [sign: Tensor, logabsdet: Tensor]>("aten::linalg_slogdet(A)"),
  /**
   * The inverse.
   * @throws when the matrix is singular.
   */
  inverse: method<() => Tensor>("aten::linalg_inv(A)"),
  /** The Moore-Penrose pseudoinverse; singular values below rcond times the largest count as 0. */
  pinverse(this: Tensor, rcond = 1e-15): Tensor {
    return pinv(this, rcond);
  },
  /** The n-th power of a square matrix; negative powers are those of the inverse. */
  matrixPower: method<(n: number) => Tensor>("aten::matrix_power(self, n)"),
  /** The exponential of a square matrix. */
  matrixExp: method<() => Tensor>("aten::matrix_exp(self)"),
  /** The number of singular values above `tol`. */
  matrixRank(this: Tensor, tol: number): Tensor {
    return matrixRank(this, tol);
  },
  /**
   * X with self X = B.
   * @throws when self is singular.
   */
  linalgSolve: method<(B: Tensor) => Tensor>("aten::linalg_solve(A, B)"),
  /** X with self X = B for a triangular self. */
  linalgSolveTriangular(this: Tensor, B: Tensor, options: { readonly upper: boolean }): Tensor {
    const { upper } = checked("linalgSolveTriangular", options, "upper");
    if (typeof upper !== "boolean") {
      throw new TypeError(
        "linalgSolveTriangular: { upper } is needed: whether self is upper triangular (true) or lower (false)",
      );
    }
    return solveTriangular(this, B, upper);
  },
  /** The X with the least |self X - B|. */
  linalgLstsq(this: Tensor, B: Tensor): Tensor {
    return lstsq(this, B)[0];
  },
  /**
   * The lower triangular L with self = L L^T, for a symmetric positive definite matrix.
   * @throws for another.
   */
  linalgCholesky: method<() => Tensor>("aten::linalg_cholesky(self)"),
  /**
   * The lower triangular L with self = L L^T for a symmetric positive definite matrix, and 0; or something undefined, and
   * the order of the first leading minor that is not positive (int32).
   */
  linalgCholeskyEx: method<() => [Tensor, Tensor]>("aten::linalg_cholesky_ex(self)"),
  /** Q [m, k] and R [k, n] with self = Q R. */
  linalgQr: method<(mode?: "reduced" | "complete" | "r") => [Tensor, Tensor]>("aten::linalg_qr(A, mode)"),
  /** Eigenvalues (ascending) and eigenvectors (columns) of a symmetric matrix. */
  linalgEigh(this: Tensor): [Tensor, Tensor] {
    return eigh(this, "L");
  },
  /** Eigenvalues (ascending) of a symmetric matrix. */
  linalgEigvalsh(this: Tensor): Tensor {
    return eigvalsh(this, "L");
  },
  /** U [m, k], S [k] (descending) and V^T [k, n] with self = U diag(S) V^T; square U and V^T when `fullMatrices`. */
  linalgSvd(this: Tensor, fullMatrices = false): [Tensor, Tensor, Tensor] {
    return svd(this, fullMatrices);
  },
  /** Singular values, descending. */
  linalgSvdvals: method<() => Tensor>("aten::linalg_svdvals(A)"),
};
