// The products of panels.h in vectors of one instruction set. panels.cc includes this file once for each, with kLanes, the
// vector's numbers, kRows, the rows of C that are kept in registers, and FUSED_MULTIPLY_ADD(a, b, c), a b + c. Each number of C is
// summed in the order of the depth, whatever the set.

#define GANTRY_INLINE static inline __attribute__((always_inline))

typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float)), aligned(4)));

GANTRY_INLINE Lanes load(const float* from) { return *reinterpret_cast<const Lanes*>(from); }
GANTRY_INLINE void store(float* to, Lanes values) { *reinterpret_cast<Lanes*>(to) = values; }
GANTRY_INLINE Lanes everywhere(float value) { return value - Lanes{}; }

/// `Rows` x 2 vectors of C in registers. A(i, k) of a panel's 32 steps of the depth is at a[i * row + k * step].
template <int Rows>
struct Tile {
  Lanes sums[Rows][2];

  GANTRY_INLINE void begin(Tile& t, const float* c, bool adds) {
#pragma GCC unroll 8
    for (int i = 0; i < Rows; i++) {
      t.sums[i][0] = adds ? load(c + i * kPanel) : Lanes{};
      t.sums[i][1] = adds ? load(c + i * kPanel + kLanes) : Lanes{};
    }
  }

  GANTRY_INLINE void add(Tile& t, int64_t depth, const float* a, int64_t row, int64_t step, const float* b) {
    for (int64_t k = 0; k < depth; k++) {
      const Lanes left = load(b + k * kPanel), right = load(b + k * kPanel + kLanes);
#pragma GCC unroll 8
      for (int i = 0; i < Rows; i++) {
        const Lanes factor = everywhere(a[i * row + k * step]);
        t.sums[i][0] = FUSED_MULTIPLY_ADD(factor, left, t.sums[i][0]);
        t.sums[i][1] = FUSED_MULTIPLY_ADD(factor, right, t.sums[i][1]);
      }
    }
  }

  GANTRY_INLINE void end(const Tile& t, float* c) {
#pragma GCC unroll 8
    for (int i = 0; i < Rows; i++) {
      store(c + i * kPanel, t.sums[i][0]);
      store(c + i * kPanel + kLanes, t.sums[i][1]);
    }
  }
};

template <int Rows>
GANTRY_INLINE void rows_of_product(int64_t depth, const float* a, int64_t a_stride, const float* b, float* c) {
  Tile<Rows> tile;
  Tile<Rows>::begin(tile, c, false);
  for (int64_t k = 0; k < depth; k += kPanel) Tile<Rows>::add(tile, kPanel, a + k / kPanel * a_stride, kPanel, 1, b + k * kPanel);
  Tile<Rows>::end(tile, c);
}

static void product(int64_t rows, int64_t columns, int64_t depth, Panels<const float> a, Panels<const float> b, Panels<float> c) {
  for (int64_t j = 0; j < columns; j += 2 * kLanes) {
    const float* right = b.data + j / kPanel * b.stride + j % kPanel;
    float* to = c.data + j / kPanel * c.stride + j % kPanel;
    int64_t i = 0;
    for (; i + kRows <= rows; i += kRows) rows_of_product<kRows>(depth, a.data + i * kPanel, a.stride, right, to + i * kPanel);
    for (; i < rows; i++) rows_of_product<1>(depth, a.data + i * kPanel, a.stride, right, to + i * kPanel);
  }
}

static void product_of_transposed(int64_t rows, int64_t columns, int64_t depth, Panels<const float> a, Panels<const float> b,
                                  Panels<float> c, bool adds) {
  for (int64_t j = 0; j < columns; j += 2 * kLanes) {
    const float* right = b.data + j / kPanel * b.stride + j % kPanel;
    float* to = c.data + j / kPanel * c.stride + j % kPanel;
    for (int64_t i = 0; i < rows; i += kRows) {
      Tile<kRows> tile;
      Tile<kRows>::begin(tile, to + i * kPanel, adds);
      Tile<kRows>::add(tile, depth, a.data + i / kPanel * a.stride + i % kPanel, 1, kPanel, right);
      Tile<kRows>::end(tile, to + i * kPanel);
    }
  }
}

#undef GANTRY_INLINE
