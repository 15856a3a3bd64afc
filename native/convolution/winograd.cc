// Winograd convolution: r taps and m outputs need m + r - 1 products in each direction instead of m r.
//
//     Y  = A^T [ (G g G^T) . (B^T d B) ] A              forward: d a tile of the input, g the taps, Y m x m outputs
//     dg = G^T [ sum (A y A^T) . (B^T d B) ] G          gradient of the taps: y a tile of the output's gradient
//
// "." multiplies element by element for each pair of channels, and sums over one side's channels (forward) or over the tiles
// (gradient): one matrix product for each of the (m + r - 1)^2 elements. Tiles are taken in blocks; what is transformed of a block
// stays in the cache. Channels lie last, so every transform is a loop over channels.
#include "winograd.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

// The product of the BLAS that libtorch itself uses; every BLAS has it under this name.
extern "C" __attribute__((weak)) void sgemm_(const char* transa, const char* transb, const int* m, const int* n,
                                             const int* k, const float* alpha, const float* a, const int* lda,
                                             const float* b, const int* ldb, const float* beta, float* c,
                                             const int* ldc);

// Vectors are passed between functions that are all inlined; how wide ones would be passed otherwise does not matter.
#pragma GCC diagnostic ignored "-Wpsabi"
#define GANTRY_INLINE inline __attribute__((always_inline))

namespace gantry::convolution {
namespace {

/// The matrices of F(m, r): B^T [a, a], G [a, r] and A^T [m, a] with a = m + r - 1.
template <int M, int R>
struct Matrices;

template <>
struct Matrices<2, 3> {
  static constexpr float bt[4][4] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}};
  static constexpr float g[4][3] = {{1, 0, 0}, {.5f, .5f, .5f}, {.5f, -.5f, .5f}, {0, 0, 1}};
  static constexpr float at[2][4] = {{1, 1, 1, 0}, {0, 1, -1, -1}};
};

template <>
struct Matrices<4, 3> {
  static constexpr float bt[6][6] = {{4, 0, -5, 0, 1, 0},  {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
                                     {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}};
  static constexpr float g[6][3] = {{1.f / 4, 0, 0},
                                    {-1.f / 6, -1.f / 6, -1.f / 6},
                                    {-1.f / 6, 1.f / 6, -1.f / 6},
                                    {1.f / 24, 1.f / 12, 1.f / 6},
                                    {1.f / 24, -1.f / 12, 1.f / 6},
                                    {0, 0, 1}};
  static constexpr float at[4][6] = {{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}};
};

template <>
struct Matrices<2, 2> {
  static constexpr float bt[3][3] = {{1, -1, 0}, {0, 1, 0}, {0, -1, 1}};
  static constexpr float g[3][2] = {{1, 0}, {1, 1}, {0, 1}};
  static constexpr float at[2][3] = {{1, 1, 0}, {0, 1, 1}};
};

template <>
struct Matrices<3, 2> {
  static constexpr float bt[4][4] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, -1, 0, 1}};
  static constexpr float g[4][2] = {{1, 0}, {.5f, .5f}, {.5f, -.5f}, {0, 1}};
  static constexpr float at[3][4] = {{1, 1, 1, 0}, {0, 1, -1, 0}, {0, 1, 1, 1}};
};

template <>
struct Matrices<4, 2> {
  static constexpr float bt[5][5] = {{2, -1, -2, 1, 0}, {0, -2, -1, 1, 0}, {0, 2, -3, 1, 0}, {0, -1, 0, 1, 0}, {0, 2, -1, -2, 1}};
  static constexpr float g[5][2] = {{.5f, 0}, {-.5f, -.5f}, {-1.f / 6, 1.f / 6}, {1.f / 6, 1.f / 3}, {0, 1}};
  static constexpr float at[4][5] = {{1, 1, 1, 1, 0}, {0, 1, -1, 2, 0}, {0, 1, 1, 4, 0}, {0, 1, -1, 8, 1}};
};

/// Numbers that are transformed at a time. One register of the processor each: a tile's 36 hardly fit as it is.
template <int Count>
struct Vector {
  typedef float Lanes __attribute__((vector_size(Count * sizeof(float)), aligned(4)));
};

/// sum over k of matrix[row][k] * values[k * stride]; products with 0 are left out, those with 1 are sums.
template <int N, typename V, typename Row>
GANTRY_INLINE V combine(const Row row, const V* values, int stride) {
  V sum = {};
  bool first = true;
#pragma GCC unroll 8
  for (int k = 0; k < N; k++) {
    const float factor = row(k);
    if (factor == 0) continue;
    const V value = values[k * stride];
    if (first) sum = factor == 1 ? value : factor == -1 ? -value : factor * value;
    else if (factor == 1) sum += value;
    else if (factor == -1) sum -= value;
    else sum += factor * value;
    first = false;
  }
  return sum;
}

/// out [O, O] = m in [I, I] m^T with m(row, k).
template <int O, int I, typename V, typename Entry>
GANTRY_INLINE void both_sides(const Entry m, const V (&in)[I * I], V (&out)[O * O]) {
  V half[O * I];
#pragma GCC unroll 8
  for (int i = 0; i < O; i++) {
#pragma GCC unroll 8
    for (int j = 0; j < I; j++) half[i * I + j] = combine<I, V>([&](int k) { return m(i, k); }, in + j, I);
  }
#pragma GCC unroll 8
  for (int i = 0; i < O; i++) {
#pragma GCC unroll 8
    for (int j = 0; j < O; j++) out[i * O + j] = combine<I, V>([&](int k) { return m(j, k); }, half + i * I, 1);
  }
}

/// Applies m to the [I, I] rows of `count` numbers at `from`, and writes, or adds, to the [O, O] rows at `to`. A null row of
/// `from` is zeros; a null row of `to` is not wanted.
template <int Count, int O, int I, typename Entry>
GANTRY_INLINE void transform(const Entry m, const float* const* from, float* const* to, int64_t count, const float* bias) {
  using Lanes = typename Vector<Count>::Lanes;
  int64_t c = 0;
  for (; c + Count <= count; c += Count) {
    Lanes in[I * I], out[O * O];
#pragma GCC unroll 36
    for (int i = 0; i < I * I; i++) in[i] = from[i] ? *reinterpret_cast<const Lanes*>(from[i] + c) : Lanes{};
    both_sides<O, I, Lanes>(m, in, out);
#pragma GCC unroll 36
    for (int i = 0; i < O * O; i++) {
      if (!to[i]) continue;
      if (bias) out[i] += *reinterpret_cast<const Lanes*>(bias + c);
      *reinterpret_cast<Lanes*>(to[i] + c) = out[i];
    }
  }
  for (; c < count; c++) {
    float in[I * I], out[O * O];
    for (int i = 0; i < I * I; i++) in[i] = from[i] ? from[i][c] : 0;
    both_sides<O, I, float>(m, in, out);
    for (int i = 0; i < O * O; i++) {
      if (to[i]) to[i][c] = out[i] + (bias ? bias[c] : 0);
    }
  }
}

// One version for each kind of processor, of which the loader takes the widest that runs. They are ordinary functions: versions
// of a template's instances do not link with every GCC.
#define GANTRY_TRANSFORMS(TARGET, LANES, M, R)                                                                             \
  TARGET void input_##M##_##R(const float* const* from, float* const* to, int64_t count) {                                 \
    constexpr int A = M + R - 1;                                                                                           \
    transform<LANES, A, A>([](int i, int k) { return Matrices<M, R>::bt[i][k]; }, from, to, count, nullptr);               \
  }                                                                                                                        \
  TARGET void output_##M##_##R(const float* const* from, float* const* to, int64_t count, const float* bias) {             \
    transform<LANES, M, M + R - 1>([](int i, int k) { return Matrices<M, R>::at[i][k]; }, from, to, count, bias);          \
  }                                                                                                                        \
  TARGET void gradient_##M##_##R(const float* const* from, float* const* to, int64_t count) {                              \
    transform<LANES, M + R - 1, M>([](int i, int k) { return Matrices<M, R>::at[k][i]; }, from, to, count, nullptr);       \
  }                                                                                                                        \
  TARGET void taps_##M##_##R(const float* const* from, float* const* to, int64_t count) {                                  \
    transform<LANES, M + R - 1, R>([](int i, int k) { return Matrices<M, R>::g[i][k]; }, from, to, count, nullptr);        \
  }                                                                                                                        \
  TARGET void taps_gradient_##M##_##R(const float* const* from, float* const* to, int64_t count) {                         \
    transform<LANES, R, M + R - 1>([](int i, int k) { return Matrices<M, R>::g[k][i]; }, from, to, count, nullptr);        \
  }
#define GANTRY_ALL_TRANSFORMS(TARGET, LANES) \
  GANTRY_TRANSFORMS(TARGET, LANES, 2, 3)     \
  GANTRY_TRANSFORMS(TARGET, LANES, 4, 3)     \
  GANTRY_TRANSFORMS(TARGET, LANES, 2, 2)     \
  GANTRY_TRANSFORMS(TARGET, LANES, 3, 2)     \
  GANTRY_TRANSFORMS(TARGET, LANES, 4, 2)
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__)
GANTRY_ALL_TRANSFORMS(__attribute__((target("avx512f"))), 16)
GANTRY_ALL_TRANSFORMS(__attribute__((target("avx2"))), 8)
GANTRY_ALL_TRANSFORMS(__attribute__((target("default"))), 4)
#else
GANTRY_ALL_TRANSFORMS(, 4)
#endif
#undef GANTRY_ALL_TRANSFORMS
#undef GANTRY_TRANSFORMS

struct Transforms {
  int tile, taps;
  void (*input)(const float* const*, float* const*, int64_t);
  void (*output)(const float* const*, float* const*, int64_t, const float*);
  void (*gradient)(const float* const*, float* const*, int64_t);
  void (*kernel)(const float* const*, float* const*, int64_t);
  void (*kernel_gradient)(const float* const*, float* const*, int64_t);
};

const Transforms kTransforms[] = {
    {2, 3, input_2_3, output_2_3, gradient_2_3, taps_2_3, taps_gradient_2_3},
    {4, 3, input_4_3, output_4_3, gradient_4_3, taps_4_3, taps_gradient_4_3},
    {2, 2, input_2_2, output_2_2, gradient_2_2, taps_2_2, taps_gradient_2_2},
    {3, 2, input_3_2, output_3_2, gradient_3_2, taps_3_2, taps_gradient_3_2},
    {4, 2, input_4_2, output_4_2, gradient_4_2, taps_4_2, taps_gradient_4_2},
};

const Transforms& transforms_of(const WinogradShape& shape) {
  return *std::find_if(std::begin(kTransforms), std::end(kTransforms),
                       [&](const Transforms& t) { return t.tile == shape.tile && t.taps == shape.taps; });
}

constexpr int kMostRows = 36;

/// C [m, n] = A B + beta C in row-major order, with B [k, n], or its transpose where `b_transposed`.
void product(bool a_transposed, bool b_transposed, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda,
             const float* b, int64_t ldb, float beta, float* c, int64_t ldc) {
  const int im = m, in = n, ik = k, ia = lda, ib = ldb, ic = ldc;
  const float one = 1;
  // Column-major BLAS computes the transpose of what is asked: C^T = B^T A^T.
  sgemm_(b_transposed ? "T" : "N", a_transposed ? "T" : "N", &in, &im, &ik, &one, b, &ib, a, &ia, &beta, c, &ic);
}

/// Tiles of all images, and where the pixels of one lie.
struct Tiles {
  const WinogradShape& s;
  int64_t down, across, count;

  explicit Tiles(const WinogradShape& shape)
      : s(shape),
        down((shape.rows + shape.tile - 1) / shape.tile),
        across((shape.columns + shape.tile - 1) / shape.tile),
        count(shape.batch * down * across) {}

  /// Pointers to `side` x `side` pixels of a plane of phase (y, x), from the tile's first row and column on; null outside of the
  /// image and, where `clip`, outside of the plane.
  template <typename P>
  void pixels(int64_t tile, int phase_y, int phase_x, int side, P* image, int64_t height, int64_t width, int64_t channels,
              int step, int64_t padding, bool clip, P** found) const {
    const int64_t n = tile / (down * across);
    const int64_t top = tile / across % down * s.tile, left = tile % across * s.tile;
    for (int i = 0; i < side; i++) {
      const int64_t y = step * (top + i) + phase_y - padding;
      for (int j = 0; j < side; j++) {
        const int64_t x = step * (left + j) + phase_x - padding;
        const bool inside = y >= 0 && y < height && x >= 0 && x < width &&
                            !(clip && (top + i >= s.rows || left + j >= s.columns));
        found[i * side + j] = inside ? image + ((n * height + y) * width + x) * channels : nullptr;
      }
    }
  }
};

/// How many of all tiles are transformed at a time.
int64_t block_of(int64_t tiles) {
  const int64_t most = 128;
  const int64_t shared = (tiles + at::get_num_threads() - 1) / at::get_num_threads();
  return std::max<int64_t>(1, std::min(most, shared));
}

std::unique_ptr<float[]> room(int64_t count) { return std::unique_ptr<float[]>(new float[count]); }

/// B^T d B of a block's tiles, which begin `down` and `right` pixels further: [a * a][block][phases * channels].
void transform_input(const Tiles& tiles, const Transforms& t, const float* input, int down, int right, int64_t first,
                     int64_t count, int64_t block, float* out) {
  const WinogradShape& s = tiles.s;
  const int side = s.tile + s.taps - 1;
  const int64_t width = s.in_step * s.in_step * s.in_channels;
  const float* from[kMostRows];
  float* to[kMostRows];
  for (int64_t i = 0; i < count; i++) {
    for (int phase = 0; phase < s.in_step * s.in_step; phase++) {
      tiles.pixels(first + i, phase / s.in_step + down, phase % s.in_step + right, side, input, s.in_height, s.in_width,
                   s.in_channels, s.in_step, s.padding, false, from);
      for (int a = 0; a < side * side; a++) to[a] = out + (a * block + i) * width + phase * s.in_channels;
      t.input(from, to, s.in_channels);
    }
  }
}

}  // namespace


bool winograd_is_available() { return sgemm_ != nullptr; }

int64_t winograd_kernel_size(const WinogradShape& s) {
  const int64_t side = s.tile + s.taps - 1;
  const int64_t phases = s.in_step * s.in_step * s.out_step * s.out_step;
  return side * side * phases * s.in_channels * s.out_channels;
}

void winograd_kernel(const WinogradShape& s, const float* weight, bool contract_first, float* transformed) {
  const Transforms& t = transforms_of(s);
  const int side = s.tile + s.taps - 1, step = s.in_step * s.out_step, kernel = s.taps * step;
  const int64_t firsts = contract_first ? s.in_channels : s.out_channels;
  const int64_t seconds = contract_first ? s.out_channels : s.in_channels;
  const int64_t width = step * step * seconds;
  at::parallel_for(0, firsts, 8, [&](int64_t begin, int64_t end) {
    const float* from[kMostRows];
    float* to[kMostRows];
    for (int64_t k = begin; k < end; k++) {
      for (int phase = 0; phase < step * step; phase++) {
        const int p = phase / step, q = phase % step;
        for (int i = 0; i < s.taps; i++) {
          for (int j = 0; j < s.taps; j++) {
            const int y = step * (contract_first ? s.taps - 1 - i : i) + p;
            const int x = step * (contract_first ? s.taps - 1 - j : j) + q;
            from[i * s.taps + j] = weight + ((k * kernel + y) * kernel + x) * seconds;
          }
        }
        for (int a = 0; a < side * side; a++) to[a] = transformed + (a * firsts + k) * width + phase * seconds;
        t.kernel(from, to, seconds);
      }
    }
  });
}

void winograd_forward(const WinogradShape& s, const float* input, const float* transformed, bool contract_first,
                      const float* bias, float* output) {
  const Transforms& t = transforms_of(s);
  const Tiles tiles(s);
  const int side = s.tile + s.taps - 1, planes = s.out_step * s.out_step;
  const int64_t block = block_of(planes * tiles.count), blocks = (tiles.count + block - 1) / block;
  const int64_t ins = s.in_step * s.in_step * s.in_channels, outs = s.out_channels;
  // Each phase that is written is a plane of its own. The planes of a block follow each other, while its input is in the cache.
  at::parallel_for(0, planes * blocks, 1, [&](int64_t begin, int64_t end) {
    const auto read = room(side * side * block * ins), written = room(side * side * block * outs);
    const float* from[kMostRows];
    float* to[kMostRows];
    for (int64_t b = begin; b < end; b++) {
      const int64_t first = b / planes * block, count = std::min(block, tiles.count - first), plane = b % planes;
      const int down = s.out_step - 1 - static_cast<int>(plane) / s.out_step;
      const int right = s.out_step - 1 - static_cast<int>(plane) % s.out_step;
      transform_input(tiles, t, input, down, right, first, count, block, read.get());
      for (int a = 0; a < side * side; a++) {
        product(false, !contract_first, count, outs, ins, read.get() + a * block * ins, ins,
                transformed + a * ins * planes * outs + plane * outs, contract_first ? planes * outs : ins, 0,
                written.get() + a * block * outs, outs);
      }
      for (int64_t i = 0; i < count; i++) {
        for (int a = 0; a < side * side; a++) from[a] = written.get() + (a * block + i) * outs;
        tiles.pixels(first + i, down, right, s.tile, output, s.out_height, s.out_width, s.out_channels, s.out_step, 0, true, to);
        t.output(from, to, outs, bias);
      }
    }
  });
}

void winograd_weight_gradient(const WinogradShape& s, const float* input, const float* gradient, float* weight_gradient) {
  const Transforms& t = transforms_of(s);
  const Tiles tiles(s);
  const int side = s.tile + s.taps - 1, step = s.in_step, kernel = s.taps * step;
  const int64_t block = block_of(tiles.count), blocks = (tiles.count + block - 1) / block;
  const int64_t ins = step * step * s.in_channels, outs = s.out_channels, size = side * side * ins * outs;
  const int64_t threads = std::min<int64_t>(at::get_num_threads(), blocks);
  // Each thread sums over tiles of its own; the sums are added in their order, so that bits do not depend on chance.
  std::vector<std::unique_ptr<float[]>> sums(threads);
  at::parallel_for(0, threads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t thread = begin; thread < end; thread++) {
      const auto read = room(side * side * block * ins), known = room(side * side * block * outs);
      sums[thread] = room(size);
      const float* from[kMostRows];
      float* to[kMostRows];
      bool begun = false;
      for (int64_t b = thread * blocks / threads; b < (thread + 1) * blocks / threads; b++) {
        const int64_t first = b * block, count = std::min(block, tiles.count - first);
        transform_input(tiles, t, input, 0, 0, first, count, block, read.get());
        for (int64_t i = 0; i < count; i++) {
          tiles.pixels(first + i, 0, 0, s.tile, gradient, s.out_height, s.out_width, s.out_channels, 1, 0, true, from);
          for (int a = 0; a < side * side; a++) to[a] = known.get() + (a * block + i) * outs;
          t.gradient(from, to, outs);
        }
        for (int a = 0; a < side * side; a++) {
          product(true, false, outs, ins, count, known.get() + a * block * outs, outs, read.get() + a * block * ins, ins,
                  begun ? 1 : 0, sums[thread].get() + a * ins * outs, ins);
        }
        begun = true;
      }
    }
  });
  at::parallel_for(0, outs, 8, [&](int64_t begin, int64_t end) {
    const float* from[kMostRows];
    float* to[kMostRows];
    for (int64_t k = begin; k < end; k++) {
      for (int a = 0; a < side * side; a++) {
        float* total = sums[0].get() + (a * outs + k) * ins;
        for (int64_t thread = 1; thread < threads; thread++) {
          const float* more = sums[thread].get() + (a * outs + k) * ins;
          for (int64_t c = 0; c < ins; c++) total[c] += more[c];
        }
      }
      for (int phase = 0; phase < step * step; phase++) {
        for (int a = 0; a < side * side; a++) from[a] = sums[0].get() + (a * outs + k) * ins + phase * s.in_channels;
        for (int i = 0; i < s.taps; i++) {
          for (int j = 0; j < s.taps; j++) {
            const int y = step * i + phase / step, x = step * j + phase % step;
            to[i * s.taps + j] = weight_gradient + ((k * kernel + y) * kernel + x) * s.in_channels;
          }
        }
        t.kernel_gradient(from, to, s.in_channels);
      }
    }
  });
}

}  // namespace gantry::convolution
