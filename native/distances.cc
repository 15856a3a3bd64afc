// The L1 distances between all pairs of a batch, for minibatch discrimination. Made of operators, each component of
// the vectors would keep its differences [N, N, B] for the gradient. Here the backward pass computes their signs again, and
// only the vectors are kept. Loops go over blocks of rows that fit a cache, so no other tensor [N, N, B] is made.
#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "library.h"

namespace gantry {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kBlock = 1 << 16;

/// Calls `use(start, length, c, x_i - x_j)` with the differences [length, N, B] of the c-th components of x [N, B, C], for i from
/// `start` and all j.
template <typename Use>
void for_differences(const Tensor& x, const Use& use) {
  const Tensor parts = x.permute({2, 0, 1}).contiguous();
  const int64_t count = x.size(0);
  const int64_t rows = std::max<int64_t>(1, kBlock / std::max<int64_t>(1, count * x.size(1)));
  for (int64_t start = 0; start < count; start += rows) {
    const int64_t length = std::min(rows, count - start);
    for (int64_t c = 0; c < x.size(2); c++) {
      const Tensor part = parts.select(0, c);
      use(start, length, c, part.narrow(0, start, length).unsqueeze(1).sub(part.unsqueeze(0)));
    }
  }
}

Tensor of_pairs(const Tensor& x) { return x.new_zeros({x.size(0), x.size(0), x.size(1)}); }

/// sum over c of sign(x_i - x_j) v_i, [N, N, B], and its gradient with respect to v: sum over j of sign(x_i - x_j) h_ij, [N, B, C]. Each is
/// the gradient of the other, and both are piecewise constant in x, so gradients of any order exist.
struct SignedSums : torch::autograd::Function<SignedSums> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& v) {
    context->save_for_backward({x});
    Tensor result = of_pairs(x);
    for_differences(x, [&](int64_t start, int64_t length, int64_t c, Tensor difference) {
      const Tensor weights = v.select(2, c).narrow(0, start, length).unsqueeze(1);
      result.narrow(0, start, length).add_(difference.sign_().mul_(weights));
    });
    return result;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients);
};

struct SignedWeights : torch::autograd::Function<SignedWeights> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& h) {
    context->save_for_backward({x});
    Tensor result = x.new_empty({x.size(2), x.size(0), x.size(1)});
    for_differences(x, [&](int64_t start, int64_t length, int64_t c, Tensor difference) {
      const Tensor sums = difference.sign_().mul_(h.narrow(0, start, length)).sum(1);
      result.select(0, c).narrow(0, start, length).copy_(sums);
    });
    return result.permute({1, 2, 0});
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    return {Tensor(), SignedSums::apply(context->get_saved_variables()[0], gradients[0])};
  }
};

variable_list SignedSums::backward(AutogradContext* context, variable_list gradients) {
  return {Tensor(), SignedWeights::apply(context->get_saved_variables()[0], gradients[0])};
}

struct Distances : torch::autograd::Function<Distances> {
  static Tensor forward(AutogradContext* context, const Tensor& x) {
    context->save_for_backward({x});
    Tensor result = of_pairs(x);
    for_differences(x, [&](int64_t start, int64_t length, int64_t, Tensor difference) {
      result.narrow(0, start, length).add_(difference.abs_());
    });
    return result;
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    // x_i stands in the pairs (i, j) and (j, i).
    const Tensor both = gradients[0].add(gradients[0].transpose(0, 1));
    return {SignedWeights::apply(context->get_saved_variables()[0], both)};
  }
};

Tensor pairwise_l1(const Tensor& x) {
  TORCH_CHECK(x.dim() == 3, "expected vectors of shape [N, B, C], got ", x.dim(), " dimensions");
  TORCH_CHECK(x.is_floating_point(), "expected floating-point numbers, got ", x.scalar_type());
  return Distances::apply(x);
}

}  // namespace

void define_distances(torch::Library& library) {
  library.def("pairwise_l1(Tensor self) -> Tensor", pairwise_l1);
}

}  // namespace gantry
