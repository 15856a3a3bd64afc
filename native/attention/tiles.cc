// The computations of block.h, compiled for each instruction set, and the choice of the best that the processor has. All
// with a fused product and sum give the same bits (block.h says why); the plain form, of processors before AVX2 and of
// other architectures, rounds twice where they round once.
#include "tiles.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define GANTRY_INSTRUCTION_SETS
#include <immintrin.h>
#endif

namespace gantry::attention {

#ifdef GANTRY_INSTRUCTION_SETS

#pragma GCC push_options
#pragma GCC target("avx512f,avx2,fma")
namespace avx512 {
constexpr int kLanes = 16;
#define FUSED_MULTIPLY_ADD(a, b, c) _mm512_fmadd_ps(a, b, c)
#include "block.h"
#undef FUSED_MULTIPLY_ADD
}  // namespace avx512
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
constexpr int kLanes = 8;
#define FUSED_MULTIPLY_ADD(a, b, c) _mm256_fmadd_ps(a, b, c)
#include "block.h"
#undef FUSED_MULTIPLY_ADD
}  // namespace avx2
#pragma GCC pop_options

#endif

namespace plain {
constexpr int kLanes = 4;
#define FUSED_MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#include "block.h"
#undef FUSED_MULTIPLY_ADD
}  // namespace plain

const Blocks& blocks() {
  static const Blocks chosen = []() -> Blocks {
#ifdef GANTRY_INSTRUCTION_SETS
    const bool fused = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (fused && __builtin_cpu_supports("avx512f")) return {avx512::forward, avx512::backward};
    if (fused) return {avx2::forward, avx2::backward};
#endif
    return {plain::forward, plain::backward};
  }();
  return chosen;
}

}  // namespace gantry::attention
