// Winograd convolution (winograd.h) of tensors: which problems it fits, and how each direction is one. A 4 x 4 kernel with
// stride 2 is a 2 x 2 kernel with stride 1 between the phases of the images and the features.
#include <ATen/ops/empty.h>

#include "candidates.h"
#include "winograd.h"

namespace gantry::convolution {
namespace {

using at::MemoryFormat;
using at::Tensor;

/// Fewer channels than this on either side leave the matrix products too thin.
constexpr int64_t kLeastChannels = 16;

bool is_wide(const Operands& o) {
  return o.first.scalar_type() == at::kFloat && o.problem.channels >= kLeastChannels &&
         o.problem.features >= kLeastChannels;
}

/// Of images to features.
WinogradShape shape_of(const Problem& p, int tile) {
  const int step = p.stride[0];
  return {p.batch,          p.height,  p.width,          p.channels,      p.feature_height,
          p.feature_width,  p.features, p.feature_height, p.feature_width, p.padding[0],
          step,             1,         static_cast<int>(p.kernel[0]) / step, tile};
}

/// Of features to images: taps are mirrored, and images are written in phases where features are read in strides.
WinogradShape gradient_shape_of(const Problem& p, int tile) {
  const int step = p.stride[0], taps = static_cast<int>(p.kernel[0]) / step;
  const int64_t more = step - 1;
  return {p.batch, p.feature_height,  p.feature_width,  p.features,                        p.height, p.width, p.channels,
          p.height / step, p.width / step, taps - 1 - (p.padding[0] - more), 1,        step,    taps,
          tile};
}

const float* pointer(const Tensor& tensor) { return tensor.data_ptr<float>(); }

Tensor convolved(const WinogradShape& shape, const Operands& o, bool mirrored) {
  const Tensor from = o.first.contiguous(MemoryFormat::ChannelsLast);
  const Tensor weight = o.second.contiguous(MemoryFormat::ChannelsLast);
  const Tensor kernel = at::empty({winograd_kernel_size(shape)}, from.options());
  winograd_kernel(shape, pointer(weight), mirrored, kernel.data_ptr<float>());
  const Tensor to = at::empty({shape.batch, shape.out_channels, shape.out_height, shape.out_width}, from.options(),
                              MemoryFormat::ChannelsLast);
  const Tensor bias = o.bias.defined() ? o.bias.contiguous() : Tensor();
  winograd_forward(shape, pointer(from), pointer(kernel), bias.defined() ? pointer(bias) : nullptr, to.data_ptr<float>());
  return to.contiguous(o.first.suggest_memory_format());
}

}  // namespace

bool winograd_applies_3x3(const Operands& o) {
  const Problem& p = o.problem;
  return (p.is(3, 1, 0) || p.is(3, 1, 1) || p.is(3, 1, 2)) && is_wide(o);
}

bool winograd_applies_4x4(const Operands& o) {
  const Problem& p = o.problem;
  return p.is(4, 2, 1) && p.height == 2 * p.feature_height && p.width == 2 * p.feature_width && is_wide(o);
}

template <int Tile>
Tensor winograd_forward(const Operands& o) {
  return convolved(shape_of(o.problem, Tile), o, false);
}

template <int Tile>
Tensor winograd_image_gradient(const Operands& o) {
  return convolved(gradient_shape_of(o.problem, Tile), o, true);
}

template <int Tile>
Tensor winograd_weight_gradient(const Operands& o) {
  const Problem& p = o.problem;
  const Tensor features = o.first.contiguous(MemoryFormat::ChannelsLast);
  const Tensor images = o.second.contiguous(MemoryFormat::ChannelsLast);
  const Tensor weight = at::empty({p.features, p.channels, p.kernel[0], p.kernel[1]}, images.options(),
                                  MemoryFormat::ChannelsLast);
  winograd_weight_gradient(shape_of(p, Tile), pointer(images), pointer(features), weight.data_ptr<float>());
  return weight.contiguous(o.second.suggest_memory_format());
}

template Tensor winograd_forward<2>(const Operands&);
template Tensor winograd_forward<3>(const Operands&);
template Tensor winograd_forward<4>(const Operands&);
template Tensor winograd_image_gradient<2>(const Operands&);
template Tensor winograd_image_gradient<3>(const Operands&);
template Tensor winograd_image_gradient<4>(const Operands&);
template Tensor winograd_weight_gradient<2>(const Operands&);
template Tensor winograd_weight_gradient<3>(const Operands&);
template Tensor winograd_weight_gradient<4>(const Operands&);

}  // namespace gantry::convolution
