// Attention of one sample, a block of queries at a time: what attention.cc hands out to the threads.
//
//     S_ij = q_i . k_j    m_i = max_j S_ij    l_i = sum_j exp(S_ij - m_i)
//     P_ij = exp(S_ij - m_i) / l_i    o_i = sum_j P_ij v_j
//
// Of S and P there is never more than a tile of kQueries queries by kKeys keys (Dao et al. 2022, FlashAttention): forwards
// m, l and o are corrected with each tile of keys; backwards a tile of P is computed again from L_i = m_i + log l_i, which
// is all that is kept. With g the gradient of o:
//
//     P_ij = exp(S_ij - L_i)    dP_ij = g_i . v_j    dS_ij = P_ij (dP_ij - g_i . o_i)
//     dv_j = sum_i P_ij g_i     dk_j = sum_i dS_ij q_i    dq_i = sum_j dS_ij k_j
#pragma once

#include <cstdint>

namespace gantry::attention {

/// Queries in a block, and keys in a tile: a tile and what is multiplied with it stay in the first two caches.
constexpr int64_t kQueries = 64, kKeys = 64;

/// Widths are padded to this many numbers, the widest vector.
constexpr int64_t kPad = 16;

constexpr int64_t padded(int64_t width) { return (width + kPad - 1) / kPad * kPad; }

/// A matrix in memory, with any distances between its numbers.
struct Matrix {
  float* data;
  int64_t rows, columns, row_stride, column_stride;

  float* row(int64_t i) const { return data + i * row_stride; }
};

/// One sample: queries [N, D], keys [M, D], values [M, E], results [N, E], L [N].
struct Sample {
  Matrix query, key, value, out;
  float* logarithms;
  float scale;  // of the queries
};

/// What its backward pass adds: the gradient [N, E] of the results, that of the queries [N, D] to be written, and sums for
/// those of the keys [M, padded(D)] and values [M, padded(E)], dense, to which a block's part is added.
struct Gradients {
  Matrix out, query;
  float *key, *value;
};

/// A block's two computations for the queries from `first` on, for the instruction set of this processor. `room` is memory
/// of at least `room_for` numbers.
struct Blocks {
  void (*forward)(const Sample& sample, int64_t first, float* room);
  void (*backward)(const Sample& sample, const Gradients& gradients, int64_t first, float* room);
};

const Blocks& blocks();

constexpr int64_t room_for(int64_t depth, int64_t width) {
  return 2 * kQueries * (kKeys + padded(depth) + padded(width)) + kQueries * depth;
}

}  // namespace gantry::attention
