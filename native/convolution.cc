// Two-dimensional convolutions, the mathematics of aten::conv2d and aten::conv_transpose2d in the forms that run fast on
// a CPU. What differs from the engine's own:
//
// - a transposed convolution is computed as what it is, the input gradient of a convolution, which the engine's
//   convolution library does three times faster than 1.13's transposed convolution;
// - towards few channels (the image end of a GAN's networks) a transposed convolution with a 4 x 4 kernel, stride 2 and
//   padding 1 is one 2 x 2 convolution that gives the four output phases as channels (sub-pixel convolution, Shi et al.
//   2016, section 3.2): ten times faster than any input gradient;
// - a backward pass computes only the gradients that were asked for, and only of the samples whose incoming gradient is not
//   zero throughout: a loss of k samples of a batch costs the backward pass of k.
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <tuple>
#include <utility>
#include <vector>

#include "library.h"
#include "samples.h"
#include "version.h"

namespace gantry {
namespace {

using at::IntArrayRef;
using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Stride, padding and output padding of a convolution, height and width alike or not.
struct Window {
  std::vector<int64_t> stride;
  std::vector<int64_t> padding;
  std::vector<int64_t> output_padding;
};

const std::vector<int64_t> kOne = {1, 1};
const std::vector<int64_t> kZero = {0, 0};
constexpr int64_t kFewChannels = 4;

/// Samples whose gradients the convolutions of this thread's backward passes have computed, one count per convolution.
thread_local int64_t samples_computed = 0;

Tensor convolve(const Tensor& input, const Tensor& weight, const Tensor& bias, const Window& window);
Tensor convolve_transposed(const Tensor& input, const Tensor& weight, const Tensor& bias, const Window& window);

/// [weight, bias] gradients of a convolution; those not asked for are undefined. Differentiable by the engine.
std::pair<Tensor, Tensor> weight_gradient(const Tensor& output_gradient, const Tensor& input, const Tensor& weight,
                                          const Window& window, bool want_weight, bool want_bias) {
  if (!want_weight && !want_bias) return {};
  // With few channels the bias slows the weight's gradient down to half its speed.
  const bool apart = !want_weight || weight.size(1) <= kFewChannels;
  Tensor weight_part, bias_part;
  if (want_weight) {
    const std::vector<int64_t> bias_sizes = {weight.size(0)};
    std::tie(std::ignore, weight_part, bias_part) = at::convolution_backward(
        output_gradient, input, weight, IntArrayRef(bias_sizes), window.stride, window.padding, kOne, false, kZero, 1,
        {false, true, want_bias && !apart});
  }
  if (want_bias && apart) bias_part = output_gradient.sum(IntArrayRef{0, 2, 3});
  return {weight_part, bias_part};
}

/// Gradient of a convolution with respect to an input of the given height and width.
Tensor input_gradient(const Tensor& output_gradient, const Tensor& weight, const Window& window, int64_t height,
                      int64_t width) {
  // The engine reads shape and layout of the input, not its values.
  const Tensor input = at::empty({output_gradient.size(0), weight.size(1), height, width}, output_gradient.options(),
                                 output_gradient.suggest_memory_format());
  return std::get<0>(at::convolution_backward(output_gradient, input, weight, at::OptionalIntArrayRef(), window.stride,
                                              window.padding, kOne, false, kZero, 1, {true, false, false}));
}

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

/// Transposed convolution, kernel 4, stride 2, padding 1: row 2i + a of the output takes kernel rows 3 and 1 of input
/// rows i - 1 and i (a = 0), or 2 and 0 of rows i and i + 1 (a = 1); columns likewise.
Tensor convolve_subpixel(const Tensor& input, const Tensor& weight, const Tensor& bias) {
  const Tensor taps = at::tensor({3, 1, 2, 0}, at::kLong);
  const int64_t inputs = weight.size(0), channels = weight.size(1);
  const Tensor kernel = weight.index_select(2, taps)
                            .index_select(3, taps)
                            .view({inputs, channels, 2, 2, 2, 2})
                            .permute({2, 4, 1, 0, 3, 5})
                            .reshape({4 * channels, inputs, 2, 2})
                            .contiguous(input.suggest_memory_format());
  const Tensor phases = at::conv2d(input, kernel, bias.defined() ? bias.repeat({4}) : bias, kOne, kOne);
  return interleave_phases(phases, channels).contiguous(input.suggest_memory_format());
}

Tensor plain_forward(const Tensor& input, const Tensor& weight, const Tensor& bias, const Window& window) {
  // From this depth on that version's library takes a kernel of half the speed.
  const int64_t half = weight.size(1) / 2;
  const bool deep = weight.size(1) * weight.size(2) * weight.size(3) >= 4096 && half % 16 == 0 && weight.size(0) > 64;
  if (kSlowDeepConvolution && deep) {
    Tensor sum = at::conv2d(input.narrow(1, 0, half), weight.narrow(1, 0, half), bias, window.stride, window.padding);
    return sum.add_(at::conv2d(input.narrow(1, half, weight.size(1) - half),
                               weight.narrow(1, half, weight.size(1) - half), {}, window.stride, window.padding));
  }
  return at::conv2d(input, weight, bias, window.stride, window.padding);
}

Tensor transposed_forward(const Tensor& input, const Tensor& weight, const Tensor& bias, const Window& window) {
  const auto all = [](const std::vector<int64_t>& pair, int64_t value) { return pair[0] == value && pair[1] == value; };
  if (weight.size(1) <= kFewChannels && weight.size(2) == 4 && weight.size(3) == 4 && all(window.stride, 2) &&
      all(window.padding, 1) && all(window.output_padding, 0)) {
    return convolve_subpixel(input, weight, bias);
  }
  const auto size = [&](int64_t dim, int64_t i) {
    return (input.size(dim) - 1) * window.stride[i] - 2 * window.padding[i] + weight.size(dim) +
           window.output_padding[i];
  };
  const Tensor output = input_gradient(input, weight, window, size(2, 0), size(3, 1));
  return bias.defined() ? output.add_(bias.view({1, -1, 1, 1})) : output;
}

/// Both directions in one: each is the other's input gradient, and the weight's gradient is the same with the roles of
/// input and output exchanged. Its backward is made of these functions again, so gradients of any order exist.
struct Convolution : torch::autograd::Function<Convolution> {
  static Tensor forward(AutogradContext* context, const Tensor& input, const Tensor& weight,
                        const Optional<Tensor>& some_bias, const Window& window, bool transposed) {
    const Tensor bias = some_bias.value_or(Tensor());
    context->saved_data["transposed"] = transposed;
    context->saved_data["biased"] = bias.defined();
    context->saved_data["stride"] = window.stride;
    context->saved_data["padding"] = window.padding;
    context->saved_data["sizes"] = input.sizes().vec();
    // The input is kept only for the weight's gradient: a fixed network in a larger graph holds no activations.
    context->save_for_backward({weight.requires_grad() ? input : Tensor(), weight});
    return transposed ? transposed_forward(input, weight, bias, window) : plain_forward(input, weight, bias, window);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    Tensor input = saved[0];
    const Tensor& weight = saved[1];
    const bool transposed = context->saved_data["transposed"].toBool();
    const std::vector<int64_t> sizes = context->saved_data["sizes"].toIntVector();
    Window window{context->saved_data["stride"].toIntVector(), context->saved_data["padding"].toIntVector(), kZero};
    Tensor gradient = gradients[0];
    const bool want_input = context->needs_input_grad(0);
    const bool want_weight = context->needs_input_grad(1);
    const bool want_bias = context->saved_data["biased"].toBool() && context->needs_input_grad(2);

    // Not where the gradient is recorded: a zero in it may have a derivative that is not zero.
    const auto rows = c10::GradMode::is_enabled() ? Optional<std::vector<int64_t>>() : samples_worth_choosing(gradient);
    if (rows.has_value() && rows->empty()) {
      return {want_input ? at::zeros(sizes, gradient.options()).contiguous(gradient.suggest_memory_format()) : Tensor(),
              want_weight ? at::zeros_like(weight) : Tensor(),
              want_bias ? at::zeros({gradient.size(1)}, gradient.options()) : Tensor(), Tensor(), Tensor()};
    }
    if (rows.has_value()) {
      gradient = gather_samples(gradient, *rows);
      if (want_weight) input = gather_samples(input, *rows);
    }
    samples_computed += gradient.size(0);

    Tensor input_part, weight_part, bias_part;
    if (want_input) {
      if (!transposed) {
        for (int64_t i = 0; i < 2; i++) {
          const int64_t least =
              (gradient.size(2 + i) - 1) * window.stride[i] - 2 * window.padding[i] + weight.size(2 + i);
          window.output_padding[i] = sizes[2 + i] - least;
        }
      }
      input_part = transposed ? convolve(gradient, weight, {}, window) : convolve_transposed(gradient, weight, {}, window);
      if (rows.has_value()) input_part = scatter_samples(input_part, *rows, sizes[0]);
    }
    if (transposed) {
      weight_part = weight_gradient(input, gradient, weight, window, want_weight, false).first;
      if (want_bias) bias_part = gradient.sum(IntArrayRef{0, 2, 3});
    } else {
      std::tie(weight_part, bias_part) = weight_gradient(gradient, input, weight, window, want_weight, want_bias);
    }
    return {input_part, weight_part, bias_part, Tensor(), Tensor()};
  }
};

/// Autograd takes an absent tensor only as an absent optional.
Optional<Tensor> given(const Tensor& bias) {
  return bias.defined() ? Optional<Tensor>(bias) : Optional<Tensor>();
}

bool recorded(const Tensor& input, const Tensor& weight, const Tensor& bias) {
  return c10::GradMode::is_enabled() &&
         (input.requires_grad() || weight.requires_grad() || (bias.defined() && bias.requires_grad()));
}

Tensor convolve(const Tensor& input, const Tensor& weight, const Tensor& bias, const Window& window) {
  if (!recorded(input, weight, bias)) return plain_forward(input, weight, bias, window);
  return Convolution::apply(input, weight, given(bias), window, false);
}

Tensor convolve_transposed(const Tensor& input, const Tensor& weight, const Tensor& bias, const Window& window) {
  if (!recorded(input, weight, bias)) return transposed_forward(input, weight, bias, window);
  return Convolution::apply(input, weight, given(bias), window, true);
}

/// Whether the forms above apply; everything else (other devices and types, groups, dilation, and whatever the engine
/// must refuse in its own words) is the engine's.
bool ours(const Tensor& input, const Tensor& weight, int64_t groups, IntArrayRef stride, IntArrayRef padding,
          IntArrayRef dilation, IntArrayRef output_padding, int64_t channel_dim) {
  const auto pair = [](IntArrayRef values, int64_t least) {
    return values.size() == 2 && values[0] >= least && values[1] >= least;
  };
  return input.device().is_cpu() && weight.device().is_cpu() && input.dim() == 4 && weight.dim() == 4 &&
         (input.scalar_type() == at::kFloat || input.scalar_type() == at::kDouble) &&
         weight.scalar_type() == input.scalar_type() && groups == 1 && input.numel() > 0 && weight.numel() > 0 &&
         input.size(1) == weight.size(channel_dim) && pair(stride, 1) && pair(padding, 0) && pair(dilation, 1) &&
         dilation[0] == 1 && dilation[1] == 1 && pair(output_padding, 0) && output_padding[0] < stride[0] &&
         output_padding[1] < stride[1];
}

Tensor conv2d(const Tensor& input, const Tensor& weight, const Optional<Tensor>& bias, IntArrayRef stride,
              IntArrayRef padding, IntArrayRef dilation, int64_t groups) {
  if (!ours(input, weight, groups, stride, padding, dilation, kZero, 1) ||
      input.size(2) + 2 * padding[0] < weight.size(2) || input.size(3) + 2 * padding[1] < weight.size(3)) {
    return at::conv2d(input, weight, bias, stride, padding, dilation, groups);
  }
  return convolve(input, weight, bias.value_or(Tensor()), {stride.vec(), padding.vec(), kZero});
}

Tensor conv_transpose2d(const Tensor& input, const Tensor& weight, const Optional<Tensor>& bias, IntArrayRef stride,
                        IntArrayRef padding, IntArrayRef output_padding, int64_t groups, IntArrayRef dilation) {
  const auto shrinks = [&](int64_t dim, size_t i) {
    return (input.size(dim) - 1) * stride[i] - 2 * padding[i] + weight.size(dim) + output_padding[i] < 1;
  };
  if (!ours(input, weight, groups, stride, padding, dilation, output_padding, 0) || shrinks(2, 0) || shrinks(3, 1)) {
    return at::conv_transpose2d(input, weight, bias, stride, padding, output_padding, groups, dilation);
  }
  return convolve_transposed(input, weight, bias.value_or(Tensor()),
                             {stride.vec(), padding.vec(), output_padding.vec()});
}

}  // namespace

// The schemas are those of the namesakes in ATen.
void define_convolutions(torch::Library& library) {
  library.def(
      "conv2d(Tensor input, Tensor weight, Tensor? bias=None, int[2] stride=1, int[2] padding=0, int[2] dilation=1, "
      "int groups=1) -> Tensor",
      conv2d);
  library.def(
      "conv_transpose2d(Tensor input, Tensor weight, Tensor? bias=None, int[2] stride=1, int[2] padding=0, "
      "int[2] output_padding=0, int groups=1, int[2] dilation=1) -> Tensor",
      conv_transpose2d);
  library.def("convolution_backward_samples() -> int", [] { return samples_computed; });
}

}  // namespace gantry
