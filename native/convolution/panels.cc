// The products of panel-block.h, compiled for each instruction set, and the choice of the widest that the processor has.
#include "panels.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define GANTRY_INSTRUCTION_SETS
#include <immintrin.h>
#endif

namespace gantry::convolution {

#ifdef GANTRY_INSTRUCTION_SETS

#pragma GCC push_options
#pragma GCC target("avx512f,avx2,fma")
namespace avx512 {
constexpr int kLanes = 16, kRows = 8;
#define FUSED_MULTIPLY_ADD(a, b, c) _mm512_fmadd_ps(a, b, c)
#include "panel-block.h"
#undef FUSED_MULTIPLY_ADD
}  // namespace avx512
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
constexpr int kLanes = 8, kRows = 4;
#define FUSED_MULTIPLY_ADD(a, b, c) _mm256_fmadd_ps(a, b, c)
#include "panel-block.h"
#undef FUSED_MULTIPLY_ADD
}  // namespace avx2
#pragma GCC pop_options

#endif

namespace plain {
constexpr int kLanes = 4, kRows = 4;
#define FUSED_MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#include "panel-block.h"
#undef FUSED_MULTIPLY_ADD
}  // namespace plain

const PanelProducts& panel_products() {
  static const PanelProducts chosen = []() -> PanelProducts {
#ifdef GANTRY_INSTRUCTION_SETS
    const bool fused = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (fused && __builtin_cpu_supports("avx512f")) return {avx512::product, avx512::product_of_transposed};
    if (fused) return {avx2::product, avx2::product_of_transposed};
#endif
    return {plain::product, plain::product_of_transposed};
  }();
  return chosen;
}

}  // namespace gantry::convolution
