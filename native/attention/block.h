// The two computations of tiles.h in vectors of one instruction set. tiles.cc includes this file once for each, with
// kLanes, the vector's numbers, and FUSED_MULTIPLY_ADD(a, b, c), a b + c.
//
// Tiles lie transposed, keys by queries: each number of a vector belongs to a query of its own, so maxima and sums over
// keys need no steps between the numbers of a vector, and their order does not depend on the vector's size.

#define GANTRY_INLINE static inline __attribute__((always_inline))

typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float)), aligned(4)));
typedef int32_t Ints __attribute__((vector_size(kLanes * sizeof(float)), aligned(4)));

GANTRY_INLINE Lanes load(const float* from) { return *reinterpret_cast<const Lanes*>(from); }
GANTRY_INLINE void store(float* to, Lanes values) { *reinterpret_cast<Lanes*>(to) = values; }
GANTRY_INLINE Lanes everywhere(float value) { return value - Lanes{}; }
GANTRY_INLINE Lanes larger(Lanes a, Lanes b) { return a > b ? a : b; }

/// exp(x) with a relative error of 2e-7, for x below 88: 2^n exp(r) with x = n log 2 + r, and the polynomial of Cephes
/// (Moshier) for exp(r). 0 below -87, NaN for NaN.
GANTRY_INLINE Lanes exponential(Lanes x) {
  constexpr float kRound = 12582912;  // 1.5 * 2^23: what is added to it is rounded to a whole number, in the last bits
  const Lanes within = x < everywhere(-87) ? everywhere(-87) : x;
  const Lanes shifted = FUSED_MULTIPLY_ADD(within, everywhere(1.44269504f), everywhere(kRound));
  const Lanes n = shifted - kRound;
  Lanes r = FUSED_MULTIPLY_ADD(n, everywhere(-0.693359375f), within);
  r = FUSED_MULTIPLY_ADD(n, everywhere(2.12194440e-4f), r);
  Lanes sum = everywhere(1.9875691500e-4f);
  sum = FUSED_MULTIPLY_ADD(sum, r, everywhere(1.3981999507e-3f));
  sum = FUSED_MULTIPLY_ADD(sum, r, everywhere(8.3334519073e-3f));
  sum = FUSED_MULTIPLY_ADD(sum, r, everywhere(4.1665795894e-2f));
  sum = FUSED_MULTIPLY_ADD(sum, r, everywhere(1.6666665459e-1f));
  sum = FUSED_MULTIPLY_ADD(sum, r, everywhere(5.0000001201e-1f));
  sum = FUSED_MULTIPLY_ADD(sum, r * r, r) + 1.f;
  const Lanes power = reinterpret_cast<Lanes>((reinterpret_cast<Ints>(shifted) << 23) + (127 << 23));
  return x < everywhere(-87) ? Lanes{} : sum * power;
}

/// C = A B, or C + A B where `adds`, for up to 6 rows and 2 vectors of columns: A(i, k) is at a[i * row + k * column], the
/// rows of B and C are ldb and ldc numbers apart.
GANTRY_INLINE void product_tile(const int rows, const int vectors, int64_t depth, const float* a, int64_t row,
                                int64_t column, const float* b, int64_t ldb, float* c, int64_t ldc, bool adds) {
  Lanes sums[6][2];
#pragma GCC unroll 6
  for (int i = 0; i < rows; i++) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; v++) sums[i][v] = adds ? load(c + i * ldc + v * kLanes) : Lanes{};
  }
  for (int64_t k = 0; k < depth; k++) {
    Lanes right[2];
#pragma GCC unroll 2
    for (int v = 0; v < vectors; v++) right[v] = load(b + k * ldb + v * kLanes);
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++) {
      const Lanes left = everywhere(a[i * row + k * column]);
#pragma GCC unroll 2
      for (int v = 0; v < vectors; v++) sums[i][v] = FUSED_MULTIPLY_ADD(left, right[v], sums[i][v]);
    }
  }
#pragma GCC unroll 6
  for (int i = 0; i < rows; i++) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; v++) store(c + i * ldc + v * kLanes, sums[i][v]);
  }
}

/// The same for any number of rows, and a multiple of kLanes columns.
static void product(int64_t rows, int64_t columns, int64_t depth, const float* a, int64_t row, int64_t column,
                    const float* b, int64_t ldb, float* c, int64_t ldc, bool adds) {
  for (int64_t j = 0; j < columns;) {
    const int vectors = columns - j >= 2 * kLanes ? 2 : 1;
    for (int64_t i = 0; i < rows;) {
      const float* left = a + i * row;
      float* to = c + i * ldc + j;
      const int64_t rest = rows - i;
#define GANTRY_TILE(ROWS)                                                                         \
  {                                                                                               \
    if (vectors == 2) product_tile(ROWS, 2, depth, left, row, column, b + j, ldb, to, ldc, adds); \
    else product_tile(ROWS, 1, depth, left, row, column, b + j, ldb, to, ldc, adds);              \
    i += ROWS;                                                                                    \
  }
      if (rest >= 6) GANTRY_TILE(6)
      else if (rest >= 4) GANTRY_TILE(4)
      else if (rest >= 2) GANTRY_TILE(2)
      else GANTRY_TILE(1)
#undef GANTRY_TILE
    }
    j += vectors * kLanes;
  }
}

/// factor * m[first + i, e] at to[i * query + e * channel], for a block of queries; zeros for queries that there are not,
/// and for channels up to `channels`.
static void pack(const Matrix& m, int64_t first, float factor, int64_t channels, float* to, int64_t query,
                 int64_t channel) {
  const int64_t count = m.rows - first < kQueries ? m.rows - first : kQueries;
  for (int64_t i = 0; i < kQueries; i++) {
    for (int64_t e = 0; e < channels; e++) {
      to[i * query + e * channel] =
          i < count && e < m.columns ? factor * m.data[(first + i) * m.row_stride + e * m.column_stride] : 0;
    }
  }
}

/// factor * from[e * kQueries + i] at m[first + i, e], for the queries of a block that there are.
static void write(const Matrix& m, int64_t first, float factor, const float* from) {
  for (int64_t i = 0; i < kQueries && first + i < m.rows; i++) {
    for (int64_t e = 0; e < m.columns; e++) m.row(first + i)[e * m.column_stride] = factor * from[e * kQueries + i];
  }
}

static void forward(const Sample& s, int64_t first, float* room) {
  const int64_t depth = s.key.columns, width = s.value.columns;
  float* queries = room;                           // [D, kQueries]
  float* tile = queries + depth * kQueries;        // [kKeys, kQueries]: S, then exp(S - m)
  float* sums = tile + kKeys * kQueries;           // [E, kQueries]: l o
  float largest[kQueries], totals[kQueries];       // m, l
  pack(s.query, first, s.scale, depth, queries, 1, kQueries);
  for (int64_t i = 0; i < kQueries; i++) largest[i] = -__builtin_inff(), totals[i] = 0;
  for (int64_t i = 0; i < width * kQueries; i++) sums[i] = 0;
  for (int64_t j = 0; j < s.key.rows; j += kKeys) {
    const int64_t keys = s.key.rows - j < kKeys ? s.key.rows - j : kKeys;
    product(keys, kQueries, depth, s.key.row(j), s.key.row_stride, s.key.column_stride, queries, kQueries, tile, kQueries,
            false);
    for (int64_t i = 0; i < kQueries; i += kLanes) {
      const Lanes before = load(largest + i);
      Lanes now = before;
      for (int64_t t = 0; t < keys; t++) now = larger(load(tile + t * kQueries + i), now);
      const Lanes shrink = exponential(before - now);
      Lanes total = load(totals + i) * shrink;
      for (int64_t t = 0; t < keys; t++) {
        const Lanes weight = exponential(load(tile + t * kQueries + i) - now);
        store(tile + t * kQueries + i, weight);
        total += weight;
      }
      for (int64_t e = 0; e < width; e++) store(sums + e * kQueries + i, load(sums + e * kQueries + i) * shrink);
      store(largest + i, now);
      store(totals + i, total);
    }
    product(width, kQueries, keys, s.value.row(j), s.value.column_stride, s.value.row_stride, tile, kQueries, sums,
            kQueries, true);
  }
  for (int64_t e = 0; e < width; e++) {
    for (int64_t i = 0; i < kQueries; i++) sums[e * kQueries + i] /= totals[i];
  }
  write(s.out, first, 1, sums);
  for (int64_t i = 0; i < kQueries && first + i < s.query.rows; i++) {
    s.logarithms[first + i] = largest[i] + __builtin_logf(totals[i]);
  }
}

static bool all_zero(const float* values, int64_t count) {
  bool found = false;
  for (int64_t i = 0; i < count; i++) found |= values[i] != 0;
  return !found;
}

static void backward(const Sample& s, const Gradients& g, int64_t first, float* room) {
  const int64_t depth = s.key.columns, width = s.value.columns, wide_depth = padded(depth), wide_width = padded(width);
  float* queries = room;                                     // [kQueries, padded(D)]
  float* queries_across = queries + kQueries * wide_depth;   // [D, kQueries]
  float* gradient = queries_across + kQueries * wide_depth;  // [kQueries, padded(E)]
  float* gradient_across = gradient + kQueries * wide_width; // [E, kQueries]
  float* weights = gradient_across + kQueries * wide_width;  // [kKeys, kQueries]: S, then P
  float* slopes = weights + kKeys * kQueries;                // [kKeys, kQueries]: dP, then dS
  float* sums = slopes + kKeys * kQueries;                   // [D, kQueries]: dq
  float logarithms[kQueries], means[kQueries];               // L, g . o
  for (int64_t i = 0; i < depth * kQueries; i++) sums[i] = 0;
  pack(g.out, first, 1, wide_width, gradient, wide_width, 1);
  // A loss of some samples of a batch costs the backward pass of those.
  if (all_zero(gradient, kQueries * wide_width)) return write(g.query, first, 1, sums);
  pack(g.out, first, 1, width, gradient_across, 1, kQueries);
  pack(s.query, first, s.scale, wide_depth, queries, wide_depth, 1);
  pack(s.query, first, s.scale, depth, queries_across, 1, kQueries);
  for (int64_t i = 0; i < kQueries; i++) {
    const bool there = first + i < s.query.rows;
    logarithms[i] = there ? s.logarithms[first + i] : 0;
    means[i] = 0;
    for (int64_t e = 0; there && e < width; e++) {
      means[i] += gradient[i * wide_width + e] * s.out.row(first + i)[e * s.out.column_stride];
    }
  }
  for (int64_t j = 0; j < s.key.rows; j += kKeys) {
    const int64_t keys = s.key.rows - j < kKeys ? s.key.rows - j : kKeys;
    product(keys, kQueries, depth, s.key.row(j), s.key.row_stride, s.key.column_stride, queries_across, kQueries, weights,
            kQueries, false);
    product(keys, kQueries, width, s.value.row(j), s.value.row_stride, s.value.column_stride, gradient_across, kQueries,
            slopes, kQueries, false);
    for (int64_t i = 0; i < kQueries; i += kLanes) {
      const Lanes logarithm = load(logarithms + i), mean = load(means + i);
      for (int64_t t = i; t < i + keys * kQueries; t += kQueries) {
        const Lanes weight = exponential(load(weights + t) - logarithm);
        store(weights + t, weight);
        store(slopes + t, weight * (load(slopes + t) - mean));
      }
    }
    product(keys, wide_width, kQueries, weights, kQueries, 1, gradient, wide_width, g.value + j * wide_width, wide_width,
            true);
    product(keys, wide_depth, kQueries, slopes, kQueries, 1, queries, wide_depth, g.key + j * wide_depth, wide_depth, true);
    product(depth, kQueries, keys, s.key.row(j), s.key.column_stride, s.key.row_stride, slopes, kQueries, sums, kQueries,
            true);
  }
  write(g.query, first, s.scale, sums);
}

#undef GANTRY_INLINE
