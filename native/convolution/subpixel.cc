// Towards few channels (the image end of a generator) an image gradient with a 4 x 4 kernel, stride 2 and padding 1 is one
// 2 x 2 convolution that gives the four phases of the images as channels (sub-pixel convolution, Shi et al. 2016, section
// 3.2): ten times faster than the engine's. Row 2i + a of the images takes kernel rows 3 and 1 of feature rows i - 1 and i
// (a = 0), or 2 and 0 of rows i and i + 1 (a = 1); columns likewise.
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include "candidates.h"

namespace gantry::convolution {
namespace {

using at::Tensor;

constexpr int64_t kFewChannels = 4;

/// out[n, 2i + a, 2j + b, c] = phases[n, i + a, j + b, (a, b, c)], all with channels last.
Tensor interleave_phases(const Tensor& phases, int64_t channels) {
  const int64_t batch = phases.size(0), rows = phases.size(2), columns = phases.size(3);
  const int64_t height = 2 * (rows - 1), width = 2 * (columns - 1);
  const Tensor source = phases.contiguous(at::MemoryFormat::ChannelsLast);
  Tensor out = at::empty({batch, channels, height, width}, phases.options(), at::MemoryFormat::ChannelsLast);
  AT_DISPATCH_FLOATING_TYPES(phases.scalar_type(), "interleave_phases", [&] {
    const scalar_t* from = source.data_ptr<scalar_t>();
    scalar_t* to = out.data_ptr<scalar_t>();
    at::parallel_for(0, batch * height, 64, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; row++) {
        const int64_t sample = row / height, y = row % height, a = y & 1;
        const scalar_t* line = from + (sample * rows + y / 2 + a) * columns * 4 * channels + a * 2 * channels;
        scalar_t* pixel = to + row * width * channels;
        for (int64_t x = 0; x < width; x++, pixel += channels) {
          const int64_t b = x & 1;
          const scalar_t* phase = line + (x / 2 + b) * 4 * channels + b * channels;
          for (int64_t c = 0; c < channels; c++) pixel[c] = phase[c];
        }
      }
    });
  });
  return out;
}

}  // namespace

bool is_towards_few_channels(const Operands& o) {
  const Problem& p = o.problem;
  return o.first.scalar_type() != at::kBFloat16 && p.channels <= kFewChannels && p.is(4, 2, 1) && p.height == 2 * p.feature_height && p.width == 2 * p.feature_width;
}

Tensor subpixel_image_gradient(const Operands& o) {
  const Problem& p = o.problem;
  const Tensor taps = at::tensor({3, 1, 2, 0}, at::kLong);
  const Tensor kernel = o.second.index_select(2, taps)
                            .index_select(3, taps)
                            .view({p.features, p.channels, 2, 2, 2, 2})
                            .permute({2, 4, 1, 0, 3, 5})
                            .reshape({4 * p.channels, p.features, 2, 2})
                            .contiguous(o.first.suggest_memory_format());
  const Tensor phases = at::conv2d(o.first, kernel, {}, /*stride=*/1, /*padding=*/1);
  return interleave_phases(phases, p.channels).contiguous(o.first.suggest_memory_format());
}

}  // namespace gantry::convolution
