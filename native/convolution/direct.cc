// The ways that libtorch itself offers: its convolution library in either memory format, and in two halves of the channels.
#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>

#include "../version.h"
#include "candidates.h"

namespace gantry::convolution {
namespace {

using at::IntArrayRef;
using at::MemoryFormat;
using at::Tensor;

const std::vector<int64_t> kOne = {1, 1};
const std::vector<int64_t> kZero = {0, 0};

MemoryFormat other(MemoryFormat format) {
  return format == MemoryFormat::ChannelsLast ? MemoryFormat::Contiguous : MemoryFormat::ChannelsLast;
}

Tensor forward(const Problem& p, const Tensor& images, const Tensor& weight, const Tensor& bias) {
  return at::conv2d(images, weight, bias, p.stride, p.padding);
}

Tensor image_gradient(const Problem& p, const Tensor& features, const Tensor& weight) {
  // The engine reads shape and layout of the images, not their values.
  const Tensor images =
      at::empty({p.batch, p.channels, p.height, p.width}, features.options(), features.suggest_memory_format());
  return std::get<0>(at::convolution_backward(features, images, weight, at::OptionalIntArrayRef(), p.stride, p.padding,
                                              kOne, false, kZero, 1, {true, false, false}));
}

/// Towards this many channels the bias slows the weights' gradient down to half its speed.
constexpr int64_t kFewChannels = 4;

Tensor weight_gradient(const Operands& o, const Tensor& features, const Tensor& images) {
  const Problem& p = o.problem;
  const Tensor weight = at::empty({p.features, p.channels, p.kernel[0], p.kernel[1]}, images.options(),
                                  images.suggest_memory_format());
  const std::vector<int64_t> bias_sizes = {p.features};
  const bool with_bias = o.bias_gradient != nullptr && p.channels > kFewChannels;
  auto found = at::convolution_backward(features, images, weight, IntArrayRef(bias_sizes), p.stride, p.padding, kOne,
                                        false, kZero, 1, {false, true, with_bias});
  if (with_bias) *o.bias_gradient = std::get<2>(found);
  return std::get<1>(found);
}

/// A computation in the other memory format, there and back.
template <typename Run>
Tensor turned(const Operands& o, Run run) {
  const MemoryFormat here = o.first.suggest_memory_format();
  return run(o.first.contiguous(other(here)), o.second.contiguous(other(here))).contiguous(here);
}

}  // namespace

bool always(const Operands&) { return true; }

Tensor engine_forward(const Operands& o) { return forward(o.problem, o.first, o.second, o.bias); }

Tensor turned_forward(const Operands& o) {
  return turned(o, [&](const Tensor& a, const Tensor& b) { return forward(o.problem, a, b, o.bias); });
}

bool is_deep(const Operands& o) {
  const Problem& p = o.problem;
  return o.first.scalar_type() != at::kBFloat16 && p.channels * p.kernel[0] * p.kernel[1] >= 4096 && p.channels / 2 % 16 == 0 && p.features > 64;
}

Tensor halves_forward(const Operands& o) {
  const int64_t half = o.problem.channels / 2, rest = o.problem.channels - half;
  Tensor sum = forward(o.problem, o.first.narrow(1, 0, half), o.second.narrow(1, 0, half), o.bias);
  return sum.add_(forward(o.problem, o.first.narrow(1, half, rest), o.second.narrow(1, half, rest), {}));
}

Tensor engine_image_gradient(const Operands& o) { return image_gradient(o.problem, o.first, o.second); }

Tensor turned_image_gradient(const Operands& o) {
  return turned(o, [&](const Tensor& a, const Tensor& b) { return image_gradient(o.problem, a, b); });
}

Tensor engine_weight_gradient(const Operands& o) { return weight_gradient(o, o.first, o.second); }

Tensor turned_weight_gradient(const Operands& o) {
  return turned(o, [&](const Tensor& a, const Tensor& b) { return weight_gradient(o, a, b); });
}

}  // namespace gantry::convolution
