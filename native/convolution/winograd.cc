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
#include <memory>
#include <vector>

#include "panels.h"

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

/// Rows of numbers in panels, of which a transform takes those from `column` on. A row of an image is one panel.
template <typename Row>
struct Rows {
  Row* const* at;
  int64_t stride = kPanel;
  int64_t column = 0;

  GANTRY_INLINE int64_t offset(int64_t c) const { return (column + c) / kPanel * stride + (column + c) % kPanel; }
};

using From = Rows<const float>;
using To = Rows<float>;

/// Applies m to the [I, I] rows of `count` numbers of `from`, and writes the [O, O] rows of `to`. A null row of `from` is zeros;
/// a null row of `to` is not wanted. Columns begin at multiples of 16, so that no vector lies in two panels.
template <int Count, int O, int I, typename Entry>
GANTRY_INLINE void transform(const Entry m, const From from, const To to, int64_t count, const float* bias) {
  using Lanes = typename Vector<Count>::Lanes;
  int64_t c = 0;
  for (; c + Count <= count; c += Count) {
    const int64_t read = from.offset(c), written = to.offset(c);
    Lanes in[I * I], out[O * O];
#pragma GCC unroll 36
    for (int i = 0; i < I * I; i++) in[i] = from.at[i] ? *reinterpret_cast<const Lanes*>(from.at[i] + read) : Lanes{};
    both_sides<O, I, Lanes>(m, in, out);
#pragma GCC unroll 36
    for (int i = 0; i < O * O; i++) {
      if (!to.at[i]) continue;
      if (bias) out[i] += *reinterpret_cast<const Lanes*>(bias + c);
      *reinterpret_cast<Lanes*>(to.at[i] + written) = out[i];
    }
  }
  for (; c < count; c++) {
    const int64_t read = from.offset(c), written = to.offset(c);
    float in[I * I], out[O * O];
    for (int i = 0; i < I * I; i++) in[i] = from.at[i] ? from.at[i][read] : 0;
    both_sides<O, I, float>(m, in, out);
    for (int i = 0; i < O * O; i++) {
      if (to.at[i]) to.at[i][written] = out[i] + (bias ? bias[c] : 0);
    }
  }
}

// One version for each kind of processor, of which the loader takes the widest that runs. They are ordinary functions: versions
// of a template's instances do not link with every GCC.
#define GANTRY_TRANSFORMS(TARGET, LANES, M, R)                                                                             \
  TARGET void input_##M##_##R(const From& from, const To& to, int64_t count) {                                             \
    constexpr int A = M + R - 1;                                                                                           \
    transform<LANES, A, A>([](int i, int k) { return Matrices<M, R>::bt[i][k]; }, from, to, count, nullptr);               \
  }                                                                                                                        \
  TARGET void output_##M##_##R(const From& from, const To& to, int64_t count, const float* bias) {                         \
    transform<LANES, M, M + R - 1>([](int i, int k) { return Matrices<M, R>::at[i][k]; }, from, to, count, bias);          \
  }                                                                                                                        \
  TARGET void gradient_##M##_##R(const From& from, const To& to, int64_t count) {                                          \
    transform<LANES, M + R - 1, M>([](int i, int k) { return Matrices<M, R>::at[k][i]; }, from, to, count, nullptr);       \
  }                                                                                                                        \
  TARGET void taps_##M##_##R(const From& from, const To& to, int64_t count) {                                              \
    transform<LANES, M + R - 1, R>([](int i, int k) { return Matrices<M, R>::g[i][k]; }, from, to, count, nullptr);        \
  }                                                                                                                        \
  TARGET void taps_gradient_##M##_##R(const From& from, const To& to, int64_t count) {                                     \
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
  void (*input)(const From&, const To&, int64_t);
  void (*output)(const From&, const To&, int64_t, const float*);
  void (*gradient)(const From&, const To&, int64_t);
  void (*kernel)(const From&, const To&, int64_t);
  void (*kernel_gradient)(const From&, const To&, int64_t);
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

/// Columns of a phase: a multiple of 16 for the transforms.
int64_t phase_width(int64_t channels) { return rounded_up(channels, 16); }

/// Columns of the matrices that are summed over or written: all phases of the images that are read, and the channels of those
/// that are written, up to whole panels.
int64_t ins_of(const WinogradShape& s) { return rounded_up(s.in_step * s.in_step * phase_width(s.in_channels), kPanel); }
int64_t outs_of(const WinogradShape& s) { return rounded_up(s.out_channels, kPanel); }

/// Room for `count` numbers, zeros where some of them are columns beyond the channels.
std::unique_ptr<float[]> room(int64_t count, bool padded) {
  return std::unique_ptr<float[]>(padded ? new float[count]() : new float[count]);
}
bool is_padded(const WinogradShape& s) {
  return s.in_step * s.in_step * s.in_channels != ins_of(s) || s.out_channels != outs_of(s);
}

/// B^T d B of a block's tiles, which begin `down` and `right` pixels further: a * a matrices [block, ins].
void transform_input(const Tiles& tiles, const Transforms& t, const float* input, int down, int right, int64_t first,
                     int64_t count, int64_t block, float* out) {
  const WinogradShape& s = tiles.s;
  const int side = s.tile + s.taps - 1;
  const int64_t ins = ins_of(s);
  const float* from[kMostRows];
  float* to[kMostRows];
  for (int64_t i = 0; i < count; i++) {
    for (int a = 0; a < side * side; a++) to[a] = out + a * block * ins + i * kPanel;
    for (int phase = 0; phase < s.in_step * s.in_step; phase++) {
      tiles.pixels(first + i, phase / s.in_step + down, phase % s.in_step + right, side, input, s.in_height, s.in_width,
                   s.in_channels, s.in_step, s.padding, false, from);
      t.input({from}, {to, block * kPanel, phase * phase_width(s.in_channels)}, s.in_channels);
    }
  }
}

/// The rows of the taps of phase (p, q) of kernel k, [taps, taps] pointers.
void taps_of(const WinogradShape& s, const float* weight, int64_t k, int64_t channels, int phase, bool mirrored,
             const float** found) {
  const int step = s.in_step * s.out_step, kernel = s.taps * step;
  for (int i = 0; i < s.taps; i++) {
    for (int j = 0; j < s.taps; j++) {
      const int y = step * (mirrored ? s.taps - 1 - i : i) + phase / step;
      const int x = step * (mirrored ? s.taps - 1 - j : j) + phase % step;
      found[i * s.taps + j] = weight + ((k * kernel + y) * kernel + x) * channels;
    }
  }
}

}  // namespace

int64_t winograd_kernel_size(const WinogradShape& s) {
  const int64_t side = s.tile + s.taps - 1;
  return side * side * s.out_step * s.out_step * ins_of(s) * outs_of(s);
}

void winograd_kernel(const WinogradShape& s, const float* weight, bool contract_first, float* transformed) {
  const Transforms& t = transforms_of(s);
  const int side = s.tile + s.taps - 1, phases = s.in_step * s.in_step * s.out_step * s.out_step;
  const int64_t ins = ins_of(s), outs = outs_of(s);
  if (is_padded(s)) std::fill_n(transformed, winograd_kernel_size(s), 0.f);
  if (contract_first) {
    // Kernel k is row k of a matrix for each phase that is written.
    at::parallel_for(0, s.in_channels, 8, [&](int64_t begin, int64_t end) {
      const float* from[kMostRows];
      float* to[kMostRows];
      for (int64_t k = begin; k < end; k++) {
        for (int phase = 0; phase < phases; phase++) {
          taps_of(s, weight, k, s.out_channels, phase, true, from);
          for (int a = 0; a < side * side; a++) to[a] = transformed + (a * phases + phase) * ins * outs + k * kPanel;
          t.kernel({from}, {to, ins * kPanel}, s.out_channels);
        }
      }
    });
    return;
  }
  // Kernel k is column k: the rows of a panel's 32 kernels are turned together.
  at::parallel_for(0, outs / kPanel, 1, [&](int64_t begin, int64_t end) {
    const int64_t pitch = ins + 16;  // not a power of two, whose rows would share a few places of the cache
    const auto rows = room(side * side * kPanel * pitch, true);
    const float* from[kMostRows];
    float* to[kMostRows];
    for (int64_t panel = begin; panel < end; panel++) {
      const int64_t count = std::min(kPanel, s.out_channels - panel * kPanel);
      for (int64_t k = 0; k < count; k++) {
        for (int a = 0; a < side * side; a++) to[a] = rows.get() + (a * kPanel + k) * pitch;
        for (int phase = 0; phase < phases; phase++) {
          taps_of(s, weight, panel * kPanel + k, s.in_channels, phase, false, from);
          t.kernel({from}, {to, kPanel, phase * phase_width(s.in_channels)}, s.in_channels);
        }
      }
      for (int a = 0; a < side * side; a++) {
        const float* row = rows.get() + a * kPanel * pitch;
        float* turned = transformed + a * ins * outs + panel * ins * kPanel;
        for (int64_t c = 0; c < ins; c++) {
          for (int64_t k = 0; k < count; k++) turned[c * kPanel + k] = row[k * pitch + c];
        }
      }
    }
  });
}

void winograd_forward(const WinogradShape& s, const float* input, const float* transformed, const float* bias, float* output) {
  const Transforms& t = transforms_of(s);
  const Tiles tiles(s);
  const int side = s.tile + s.taps - 1, planes = s.out_step * s.out_step;
  const int64_t block = block_of(planes * tiles.count), blocks = (tiles.count + block - 1) / block;
  const int64_t ins = ins_of(s), outs = outs_of(s), stride = block * kPanel;
  // Each phase that is written is a plane of its own. The planes of a block follow each other, while its input is in the cache.
  at::parallel_for(0, planes * blocks, 1, [&](int64_t begin, int64_t end) {
    const auto read = room(side * side * block * ins, is_padded(s)), written = room(side * side * block * outs, false);
    const float* from[kMostRows];
    float* to[kMostRows];
    for (int64_t b = begin; b < end; b++) {
      const int64_t first = b / planes * block, count = std::min(block, tiles.count - first), plane = b % planes;
      const int down = s.out_step - 1 - static_cast<int>(plane) / s.out_step;
      const int right = s.out_step - 1 - static_cast<int>(plane) % s.out_step;
      transform_input(tiles, t, input, down, right, first, count, block, read.get());
      for (int a = 0; a < side * side; a++) {
        panel_products().product(count, outs, ins, {read.get() + a * block * ins, stride},
                                 {transformed + (a * planes + plane) * ins * outs, ins * kPanel},
                                 {written.get() + a * block * outs, stride});
      }
      for (int64_t i = 0; i < count; i++) {
        for (int a = 0; a < side * side; a++) from[a] = written.get() + a * block * outs + i * kPanel;
        tiles.pixels(first + i, down, right, s.tile, output, s.out_height, s.out_width, s.out_channels, s.out_step, 0, true, to);
        t.output({from, stride}, {to}, s.out_channels, bias);
      }
    }
  });
}

void winograd_weight_gradient(const WinogradShape& s, const float* input, const float* gradient, float* weight_gradient) {
  const Transforms& t = transforms_of(s);
  const Tiles tiles(s);
  const int side = s.tile + s.taps - 1, step = s.in_step, kernel = s.taps * step;
  const int64_t block = block_of(tiles.count), blocks = (tiles.count + block - 1) / block;
  const int64_t ins = ins_of(s), outs = outs_of(s), size = side * side * ins * outs, stride = block * kPanel;
  const int64_t threads = std::min<int64_t>(at::get_num_threads(), blocks);
  // Each thread sums over tiles of its own; the sums are added in their order, so that bits do not depend on chance.
  std::vector<std::unique_ptr<float[]>> sums(threads);
  at::parallel_for(0, threads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t thread = begin; thread < end; thread++) {
      const auto read = room(side * side * block * ins, is_padded(s)), known = room(side * side * block * outs, is_padded(s));
      sums[thread] = room(size, false);
      const float* from[kMostRows];
      float* to[kMostRows];
      bool begun = false;
      for (int64_t b = thread * blocks / threads; b < (thread + 1) * blocks / threads; b++) {
        const int64_t first = b * block, count = std::min(block, tiles.count - first);
        transform_input(tiles, t, input, 0, 0, first, count, block, read.get());
        for (int64_t i = 0; i < count; i++) {
          tiles.pixels(first + i, 0, 0, s.tile, gradient, s.out_height, s.out_width, s.out_channels, 1, 0, true, from);
          for (int a = 0; a < side * side; a++) to[a] = known.get() + a * block * outs + i * kPanel;
          t.gradient({from}, {to, stride}, s.out_channels);
        }
        for (int a = 0; a < side * side; a++) {
          panel_products().product_of_transposed(outs, ins, count, {known.get() + a * block * outs, stride},
                                                 {read.get() + a * block * ins, stride},
                                                 {sums[thread].get() + a * ins * outs, outs * kPanel}, begun);
        }
        begun = true;
      }
    }
  });
  at::parallel_for(0, s.out_channels, 8, [&](int64_t begin, int64_t end) {
    const float* from[kMostRows];
    float* to[kMostRows];
    for (int64_t k = begin; k < end; k++) {
      for (int a = 0; a < side * side; a++) {
        for (int64_t panel = 0; panel < ins / kPanel; panel++) {
          const int64_t at = a * ins * outs + (panel * outs + k) * kPanel;
          for (int64_t thread = 1; thread < threads; thread++) {
            for (int64_t c = 0; c < kPanel; c++) sums[0][at + c] += sums[thread][at + c];
          }
        }
        from[a] = sums[0].get() + a * ins * outs + k * kPanel;
      }
      for (int phase = 0; phase < step * step; phase++) {
        for (int i = 0; i < s.taps; i++) {
          for (int j = 0; j < s.taps; j++) {
            const int y = step * i + phase / step, x = step * j + phase % step;
            to[i * s.taps + j] = weight_gradient + ((k * kernel + y) * kernel + x) * s.in_channels;
          }
        }
        t.kernel_gradient({from, outs * kPanel, phase * phase_width(s.in_channels)}, {to}, s.in_channels);
      }
    }
  });
}

}  // namespace gantry::convolution
