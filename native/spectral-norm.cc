// A weight over its spectral norm (Miyato et al. 2018, section 2.1): W / sigma with sigma = u^T W v. u and v are constants, so
// with G the gradient of the quotient
//
//     dW = (G - <G, W> / sigma u v^T) / sigma
//
// Made of operators this backward pass goes over the weight ten times; here over G and W for the inner product and over G
// for the rest. In networks with many weights and small batches that is felt.
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/outer.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "library.h"

namespace gantry {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Rows for one thread at a time.
int64_t grain(int64_t columns) { return std::max<int64_t>(1, (1 << 15) / columns); }

template <typename T>
T inner_product(const T* a, const T* b, int64_t count) {
  constexpr int64_t kLanes = 16;
  T sums[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; lane++) sums[lane] += a[i + lane] * b[i + lane];
  }
  T sum = 0;
  for (; i < count; i++) sum += a[i] * b[i];
  for (const T lane : sums) sum += lane;
  return sum;
}

/// dW of rows that follow each other in memory. Each has a sum of its own, so the result does not depend on the threads.
template <typename T>
void gradient(const Tensor& g, const Tensor& w, const Tensor& u, const Tensor& v, T inverse,
              const Tensor& result) {
  const int64_t rows = u.numel(), columns = v.numel();
  const T *from = g.data_ptr<T>(), *weights = w.data_ptr<T>(), *left = u.data_ptr<T>(), *right = v.data_ptr<T>();
  T* to = result.data_ptr<T>();
  std::vector<double> sums(rows);
  at::parallel_for(0, rows, grain(columns), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) sums[i] = inner_product(from + i * columns, weights + i * columns, columns);
  });
  double sum = 0;
  for (const double row : sums) sum += row;
  at::parallel_for(0, rows, grain(columns), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const T* row = from + i * columns;
      T* out = to + i * columns;
      const T along = static_cast<T>(sum * inverse) * left[i];
      for (int64_t j = 0; j < columns; j++) out[j] = (row[j] - along * right[j]) * inverse;
    }
  });
}

/// The rows of a weight as they lie in memory.
Tensor rows_of(const Tensor& w) {
  const bool channels_last = w.dim() == 4 && !w.is_contiguous() && w.is_contiguous(at::MemoryFormat::ChannelsLast);
  return (channels_last ? w.permute({0, 2, 3, 1}) : w).reshape({w.size(0), -1});
}

Tensor inverse_of(const Tensor& w, const Tensor& u, const Tensor& v) { return u.dot(rows_of(w).mv(v)).reciprocal(); }

struct OverSpectralNorm : torch::autograd::Function<OverSpectralNorm> {
  static Tensor forward(AutogradContext* context, const Tensor& w, const Tensor& u, const Tensor& v,
                        const Tensor& sigma) {
    const Tensor inverse = sigma.reciprocal();
    context->save_for_backward({w, u, v, inverse});
    return w.mul(inverse);
  }

  static variable_list backward(AutogradContext* context, variable_list incoming) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &w = saved[0], &u = saved[1], &v = saved[2];
    Tensor g = incoming[0], result = at::empty_like(w);
    if (c10::GradMode::is_enabled()) {
      // Recorded, sigma has to be a function of the weight.
      const Tensor inverse = inverse_of(w, u, v);
      rows_of(result).copy_(at::outer(u, v));
      result = g.sub(result.mul(g.mul(w).sum().mul(inverse))).mul(inverse);
    } else {
      if (g.strides() != w.strides()) g = at::empty_like(w).copy_(g);
      AT_DISPATCH_FLOATING_TYPES(w.scalar_type(), "over_spectral_norm", [&] {
        gradient<scalar_t>(g, w, u.contiguous(), v.contiguous(), saved[3].item<scalar_t>(), result);
      });
    }
    return {result, Tensor(), Tensor(), Tensor()};
  }
};

/// w / sigma for a weight [N, ...] whose rows follow each other in memory, with u [N], v [M] and sigma = u^T w v, which is
/// differentiated as a function of w.
Tensor over_spectral_norm(const Tensor& w, const Tensor& u, const Tensor& v, const Tensor& sigma) {
  const bool whole = w.dim() >= 2 && (w.is_contiguous() || w.is_contiguous(at::MemoryFormat::ChannelsLast));
  TORCH_CHECK(whole && w.numel() > 0 && u.dim() == 1 && v.dim() == 1 && sigma.dim() == 0 && u.size(0) == w.size(0) &&
                  u.size(0) * v.size(0) == w.numel(),
              "expected a weight [N, ...] of M numbers a row in one piece, u [N], v [M] and a number, got ", w.sizes(),
              ", ", u.sizes(), ", ", v.sizes(), " and ", sigma.sizes());
  if (!c10::GradMode::is_enabled() || !w.requires_grad()) return w.mul(sigma.reciprocal());
  const bool known = w.device().is_cpu() && (w.scalar_type() == at::kFloat || w.scalar_type() == at::kDouble);
  return known ? OverSpectralNorm::apply(w, u, v, sigma) : w.mul(inverse_of(w, u, v));
}

}  // namespace

void define_spectral_norm(torch::Library& library) {
  library.def("over_spectral_norm(Tensor self, Tensor u, Tensor v, Tensor sigma) -> Tensor", over_spectral_norm);
}

}  // namespace gantry
