// Convolutions that are faster than the engine's own on CPU, as operators `gantry::conv2d` and
// `gantry::conv_transpose2d`; elsewhere they are the engine's.
//
// Three bilinear maps make a closed family: the convolution C(x, w), its adjoint in x, T(g, w) (the transposed
// convolution), and its adjoint in w, W(x, g) (the weight gradient). Each one's gradients are the other two, so gradients
// of every order come out of these three functions:
//
//     y = C(x, w):  dx = T(dy, w),   dw = W(x, dy)
//     x = T(g, w):  dg = C(dx, w),   dw = W(dx, g)
//     w = W(x, g):  dx = T(g, dw),   dg = C(x, dw)
//
// Measured (bench/NOTES.md): libtorch 1.13 computes a transposed convolution 3 to 4 times slower than the input gradient
// of the same convolution; and on every version T is slow where the result has few channels (a network's image side),
// where four interleaved 2x2 convolutions (sub-pixel form; Shi et al. 2016, arXiv 1609.07009) are faster.
#include <ATen/ops/add.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <array>

#include "version.h"

namespace gantry {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Sizes = std::vector<int64_t>;

/// Results with at most so many channels take the sub-pixel form.
constexpr int64_t kFewChannels = 4;

bool is_plain_cpu(const at::Tensor& x, const at::Tensor& w) {
  return x.device().is_cpu() && w.device().is_cpu() && x.dim() == 4 && w.dim() == 4 && x.is_floating_point() &&
         x.scalar_type() == w.scalar_type();
}

/// Kernel 4, stride 2, padding 1: DCGAN's halving and doubling, the geometry of the sub-pixel form.
bool halves(const at::Tensor& w, at::IntArrayRef stride, at::IntArrayRef padding) {
  return w.size(2) == 4 && w.size(3) == 4 && stride == at::IntArrayRef({2, 2}) && padding == at::IntArrayRef({1, 1});
}

bool takes_subpixel(const at::Tensor& g, const at::Tensor& w, at::IntArrayRef stride, at::IntArrayRef padding,
                    at::IntArrayRef size) {
  return w.size(1) <= kFewChannels && halves(w, stride, padding) && size[0] == 2 * g.size(2) && size[1] == 2 * g.size(3);
}

/// T by phases: output pixel (2i + a, 2j + b) sees a 2x2 window of g through one quarter of the kernel. One 2x2
/// convolution to 4 * channels computes all four phases, which are then interleaved. w is [in, out, 4, 4].
at::Tensor transposed_by_phases(const at::Tensor& g, const at::Tensor& w) {
  const int64_t batch = g.size(0), in = g.size(1), height = g.size(2), width = g.size(3), out = w.size(1);
  // Phase 0 reads rows (i - 1, i) through taps (3, 1), phase 1 rows (i, i + 1) through taps (2, 0).
  const auto phases = [](const at::Tensor& t, int64_t dim) {
    return at::cat({t.slice(dim, 3, 4), t.slice(dim, 1, 2), t.slice(dim, 2, 3), t.slice(dim, 0, 1)}, dim);
  };
  const at::Tensor kernels = phases(phases(w, 2), 3)
                                 .contiguous()
                                 .view({in, out, 2, 2, 2, 2})
                                 .permute({2, 4, 1, 0, 3, 5})
                                 .reshape({4 * out, in, 2, 2});
  const at::Tensor y = at::conv2d(g, kernels, {}, 1, 1);
  at::Tensor result =
      at::empty({batch, out, 2 * height, 2 * width}, g.options().memory_format(g.suggest_memory_format()));
  for (int64_t a = 0; a < 2; a++) {
    for (int64_t b = 0; b < 2; b++) {
      const at::Tensor phase = y.narrow(1, (2 * a + b) * out, out).narrow(2, a, height).narrow(3, b, width);
      result.slice(2, a, 2 * height, 2).slice(3, b, 2 * width, 2).copy_(phase);
    }
  }
  return result;
}

/// A gradient of the engine's convolution: of its input (which = 0) or of its weight (which = 1).
at::Tensor engine_gradient(const at::Tensor& g, const at::Tensor& x, const at::Tensor& w, at::IntArrayRef stride,
                           at::IntArrayRef padding, size_t which) {
  std::array<bool, 3> mask = {which == 0, which == 1, false};
  const auto gradients = at::convolution_backward(g, x, w, Optional<at::IntArrayRef>(), stride, padding, {1, 1}, false,
                                                  {0, 0}, 1, mask);
  return which == 0 ? std::get<0>(gradients) : std::get<1>(gradients);
}

at::Tensor transposed(const at::Tensor& g, const at::Tensor& w, at::IntArrayRef stride, at::IntArrayRef padding,
                      at::IntArrayRef size) {
  if (takes_subpixel(g, w, stride, padding, size)) return transposed_by_phases(g, w);
  // Only the shape and layout of the input are read.
  const at::Tensor x = at::empty({g.size(0), w.size(1), size[0], size[1]},
                                 g.options().memory_format(g.suggest_memory_format()));
  return engine_gradient(g, x, w, stride, padding, 0);
}

at::Tensor weight_gradient(const at::Tensor& x, const at::Tensor& g, const Sizes& kernel, at::IntArrayRef stride,
                           at::IntArrayRef padding) {
  const at::Tensor w = at::empty({g.size(1), x.size(1), kernel[0], kernel[1]},
                                 x.options().memory_format(x.suggest_memory_format()));
  return engine_gradient(g, x, w, stride, padding, 1);
}

/// What the three functions remember of their geometry.
struct Geometry {
  Sizes stride, padding, size, kernel;

  void save(AutogradContext* context) const {
    context->saved_data["stride"] = stride;
    context->saved_data["padding"] = padding;
    context->saved_data["size"] = size;
    context->saved_data["kernel"] = kernel;
  }
  static Geometry of(AutogradContext* context) {
    const auto list = [&](const char* key) { return context->saved_data[key].toIntVector(); };
    return {list("stride"), list("padding"), list("size"), list("kernel")};
  }
};

/// Keeps only what the gradients will ask for: one factor of a bilinear map is needed only where the other is learned.
void save_factors(AutogradContext* context, const at::Tensor& first, const at::Tensor& second) {
  context->saved_data["first"] = first.requires_grad();
  context->saved_data["second"] = second.requires_grad();
  context->save_for_backward(
      {second.requires_grad() ? first : at::Tensor(), first.requires_grad() ? second : at::Tensor()});
}

template <typename First, typename Second>
variable_list factor_gradients(AutogradContext* context, First first, Second second) {
  const auto saved = context->get_saved_variables();
  variable_list gradients(3);
  if (context->saved_data["first"].toBool()) gradients[0] = first(saved[1]);
  if (context->saved_data["second"].toBool()) gradients[1] = second(saved[0]);
  return gradients;
}

struct Convolution : torch::autograd::Function<Convolution> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& w, const Geometry& geometry);
  static variable_list backward(AutogradContext* context, variable_list gradients);
};
struct Transposed : torch::autograd::Function<Transposed> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& g, const at::Tensor& w, const Geometry& geometry);
  static variable_list backward(AutogradContext* context, variable_list gradients);
};
struct WeightGradient : torch::autograd::Function<WeightGradient> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& g, const Geometry& geometry);
  static variable_list backward(AutogradContext* context, variable_list gradients);
};

at::Tensor Convolution::forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& w,
                                const Geometry& geometry) {
  geometry.save(context);
  save_factors(context, x, w);
  return at::conv2d(x, w, {}, geometry.stride, geometry.padding);
}

variable_list Convolution::backward(AutogradContext* context, variable_list gradients) {
  const Geometry geometry = Geometry::of(context);
  const at::Tensor dy = gradients[0];
  return factor_gradients(
      context, [&](const at::Tensor& w) { return Transposed::apply(dy, w, geometry); },
      [&](const at::Tensor& x) { return WeightGradient::apply(x, dy, geometry); });
}

at::Tensor Transposed::forward(AutogradContext* context, const at::Tensor& g, const at::Tensor& w,
                               const Geometry& geometry) {
  geometry.save(context);
  save_factors(context, g, w);
  return transposed(g, w, geometry.stride, geometry.padding, geometry.size);
}

variable_list Transposed::backward(AutogradContext* context, variable_list gradients) {
  const Geometry geometry = Geometry::of(context);
  const at::Tensor dx = gradients[0];
  return factor_gradients(
      context, [&](const at::Tensor& w) { return Convolution::apply(dx, w, geometry); },
      [&](const at::Tensor& g) { return WeightGradient::apply(dx, g, geometry); });
}

at::Tensor WeightGradient::forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& g,
                                   const Geometry& geometry) {
  geometry.save(context);
  save_factors(context, x, g);
  return weight_gradient(x, g, geometry.kernel, geometry.stride, geometry.padding);
}

variable_list WeightGradient::backward(AutogradContext* context, variable_list gradients) {
  const Geometry geometry = Geometry::of(context);
  const at::Tensor dw = gradients[0];
  return factor_gradients(
      context, [&](const at::Tensor& g) { return Transposed::apply(g, dw, geometry); },
      [&](const at::Tensor& x) { return Convolution::apply(x, dw, geometry); });
}

at::Tensor with_bias(const at::Tensor& y, const Optional<at::Tensor>& bias) {
  return bias.has_value() && bias->defined() ? at::add(y, bias->view({1, -1, 1, 1})) : y;
}

/// Only the gradient of an image gains: everything else is the engine's.
at::Tensor conv2d(const at::Tensor& x, const at::Tensor& w, const Optional<at::Tensor>& bias, at::IntArrayRef stride,
                  at::IntArrayRef padding) {
  const bool gains = is_plain_cpu(x, w) && x.requires_grad() && w.size(1) <= kFewChannels && halves(w, stride, padding);
  if (!gains) return at::conv2d(x, w, bias, stride, padding);
  const Geometry geometry{stride.vec(), padding.vec(), {x.size(2), x.size(3)}, {w.size(2), w.size(3)}};
  return with_bias(Convolution::apply(x, w, geometry), bias);
}

at::Tensor conv_transpose2d(const at::Tensor& g, const at::Tensor& w, const Optional<at::Tensor>& bias,
                            at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef output_padding) {
  Sizes size;
  bool gains = is_plain_cpu(g, w) && g.size(0) > 0 && g.size(1) == w.size(0) && stride.size() == 2 &&
               padding.size() == 2 && output_padding.size() == 2;
  if (gains) {
    for (int64_t i = 0; i < 2; i++) {
      size.push_back((g.size(2 + i) - 1) * stride[i] - 2 * padding[i] + w.size(2 + i) + output_padding[i]);
      gains = gains && g.size(2 + i) > 0 && stride[i] > 0 && padding[i] >= 0 && output_padding[i] >= 0 &&
              output_padding[i] < stride[i] && size[i] > 0 && size[i] + 2 * padding[i] >= w.size(2 + i);
    }
  }
  gains = gains && (TORCH_VERSION_MAJOR < 2 || takes_subpixel(g, w, stride, padding, size));
  if (!gains) return at::conv_transpose2d(g, w, bias, stride, padding, output_padding);
  const Geometry geometry{stride.vec(), padding.vec(), size, {w.size(2), w.size(3)}};
  return with_bias(Transposed::apply(g, w, geometry), bias);
}

}  // namespace

TORCH_LIBRARY(gantry, library) {
  library.def("conv2d(Tensor input, Tensor weight, Tensor? bias, int[2] stride, int[2] padding) -> Tensor", conv2d);
  library.def(
      "conv_transpose2d(Tensor input, Tensor weight, Tensor? bias, int[2] stride, int[2] padding, "
      "int[2] output_padding) -> Tensor",
      conv_transpose2d);
}

}  // namespace gantry
