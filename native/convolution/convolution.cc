// Two-dimensional convolutions, the mathematics of aten::conv2d and aten::conv_transpose2d in the ways that run fast on a
// CPU (candidates.cc). What differs from the engine's own:
//
// - a transposed convolution is computed as the image gradient of a convolution, which the engine's convolution
//   library does three times faster than 1.13's transposed convolution;
// - each of the three computations takes the way that was measured to be the fastest (choice.h);
// - a backward pass computes only the requested gradients, and only of the samples whose incoming gradient is not
//   zero throughout: a loss of k samples of a batch costs the backward pass of k.
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <stdexcept>
#include <vector>

#include "../autocast.h"
#include "../library.h"
#include "../samples.h"
#include "../version.h"
#include "choice.h"

namespace gantry {
namespace {

using at::IntArrayRef;
using at::Tensor;
using convolution::Direction;
using convolution::Operands;
using convolution::Problem;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Samples whose gradients the convolutions of this thread's backward passes have computed, one count per convolution.
thread_local int64_t samples_computed = 0;

bool recorded(const Tensor& first, const Tensor& second, const Tensor& bias = {}) {
  return c10::GradMode::is_enabled() &&
         (first.requires_grad() || second.requires_grad() || (bias.defined() && bias.requires_grad()));
}

/// Autograd takes an absent tensor only as an absent optional.
Optional<Tensor> given(const Tensor& bias) { return bias.defined() ? Optional<Tensor>(bias) : Optional<Tensor>(); }

c10::IValue stored(const Problem& p) {
  return std::vector<int64_t>{p.batch,         p.channels,  p.height,    p.width,     p.features,   p.feature_height,
                              p.feature_width, p.kernel[0], p.kernel[1], p.stride[0], p.stride[1],  p.padding[0],
                              p.padding[1]};
}

Problem restored(const c10::IValue& value) {
  const std::vector<int64_t> v = value.toIntVector();
  return {v[0], v[1], v[2], v[3], v[4], v[5], v[6], {v[7], v[8]}, {v[9], v[10]}, {v[11], v[12]}};
}

Tensor forward(const Problem& problem, const Tensor& images, const Tensor& weight, const Tensor& bias);
Tensor image_gradient(const Problem& problem, const Tensor& features, const Tensor& weight);
Tensor weight_gradient(const Problem& problem, const Tensor& features, const Tensor& images, Tensor* bias_gradient);

/// The computed samples of a backward pass: all, or those whose gradient is not zero throughout.
class Chosen {
 public:
  /// Where the gradient's own computation is recorded all count: a zero in it may have a derivative that is not zero.
  explicit Chosen(const Tensor& gradient)
      : rows_(c10::GradMode::is_enabled() ? Optional<std::vector<int64_t>>() : samples_worth_choosing(gradient)) {}

  bool none() const { return rows_.has_value() && rows_->empty(); }
  Tensor of(const Tensor& batch) const { return rows_.has_value() ? gather_samples(batch, *rows_) : batch; }
  Tensor back(const Tensor& samples, int64_t size) const {
    return rows_.has_value() ? scatter_samples(samples, *rows_, size) : samples;
  }

 private:
  Optional<std::vector<int64_t>> rows_;
};

/// The three computations as autograd records them; each one's backward pass is made of the other two.
struct Forward : torch::autograd::Function<Forward> {
  static Tensor forward(AutogradContext* context, const Tensor& images, const Tensor& weight,
                        const Optional<Tensor>& some_bias, const Problem& problem) {
    const Tensor bias = some_bias.value_or(Tensor());
    context->saved_data["problem"] = stored(problem);
    context->saved_data["biased"] = bias.defined();
    // Images are kept only for the weights' gradient: a fixed network in a larger graph holds no activations.
    context->save_for_backward({weight.requires_grad() ? images : Tensor(), weight});
    return gantry::forward(problem, images, weight, bias);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    Problem problem = restored(context->saved_data["problem"]);
    const int64_t batch = problem.batch;
    const bool want_weight = context->needs_input_grad(1);
    const bool want_bias = context->saved_data["biased"].toBool() && context->needs_input_grad(2);
    const Chosen chosen(gradients[0]);
    Tensor images_part, weight_part, bias_part;
    if (chosen.none()) {
      const Tensor& gradient = gradients[0];
      if (context->needs_input_grad(0)) {
        images_part = at::zeros({batch, problem.channels, problem.height, problem.width}, gradient.options())
                          .contiguous(gradient.suggest_memory_format());
      }
      if (want_weight) weight_part = at::zeros_like(saved[1]);
      if (want_bias) bias_part = at::zeros({problem.features}, gradient.options());
      return {images_part, weight_part, bias_part, Tensor()};
    }
    const Tensor gradient = chosen.of(gradients[0]);
    problem.batch = gradient.size(0);
    samples_computed += problem.batch;
    if (context->needs_input_grad(0)) {
      images_part = chosen.back(image_gradient(problem, gradient, saved[1]), batch);
    }
    if (want_weight) {
      weight_part = weight_gradient(problem, gradient, chosen.of(saved[0]), want_bias ? &bias_part : nullptr);
    }
    if (want_bias && !bias_part.defined()) bias_part = gradient.sum(IntArrayRef{0, 2, 3});
    return {images_part, weight_part, bias_part, Tensor()};
  }
};

struct ImageGradient : torch::autograd::Function<ImageGradient> {
  static Tensor forward(AutogradContext* context, const Tensor& features, const Tensor& weight, const Problem& problem) {
    context->saved_data["problem"] = stored(problem);
    context->save_for_backward({weight.requires_grad() ? features : Tensor(), weight});
    return image_gradient(problem, features, weight);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    Problem problem = restored(context->saved_data["problem"]);
    const int64_t batch = problem.batch;
    const Chosen chosen(gradients[0]);
    Tensor features_part, weight_part;
    if (chosen.none()) {
      const Tensor& gradient = gradients[0];
      if (context->needs_input_grad(0)) {
        features_part = at::zeros({batch, problem.features, problem.feature_height, problem.feature_width}, gradient.options())
                            .contiguous(gradient.suggest_memory_format());
      }
      if (context->needs_input_grad(1)) weight_part = at::zeros_like(saved[1]);
      return {features_part, weight_part, Tensor()};
    }
    const Tensor gradient = chosen.of(gradients[0]);
    problem.batch = gradient.size(0);
    samples_computed += problem.batch;
    if (context->needs_input_grad(0)) {
      features_part = chosen.back(gantry::forward(problem, gradient, saved[1], {}), batch);
    }
    if (context->needs_input_grad(1)) weight_part = weight_gradient(problem, chosen.of(saved[0]), gradient, nullptr);
    return {features_part, weight_part, Tensor()};
  }
};

struct WeightGradient : torch::autograd::Function<WeightGradient> {
  static Tensor forward(AutogradContext* context, const Tensor& features, const Tensor& images, const Problem& problem) {
    context->saved_data["problem"] = stored(problem);
    context->save_for_backward({features, images});
    return weight_gradient(problem, features, images, nullptr);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Problem problem = restored(context->saved_data["problem"]);
    Tensor features_part, images_part;
    if (context->needs_input_grad(0)) features_part = gantry::forward(problem, saved[1], gradients[0], {});
    if (context->needs_input_grad(1)) images_part = image_gradient(problem, saved[0], gradients[0]);
    return {features_part, images_part, Tensor()};
  }
};

Tensor forward(const Problem& problem, const Tensor& images, const Tensor& weight, const Tensor& bias) {
  if (recorded(images, weight, bias)) return Forward::apply(images, weight, given(bias), problem);
  return compute(Direction::kForward, {problem, images, weight, bias, nullptr});
}

Tensor image_gradient(const Problem& problem, const Tensor& features, const Tensor& weight) {
  if (recorded(features, weight)) return ImageGradient::apply(features, weight, problem);
  return compute(Direction::kImageGradient, {problem, features, weight, {}, nullptr});
}

/// `bias_gradient` may be filled on the way; null if it is not wanted.
Tensor weight_gradient(const Problem& problem, const Tensor& features, const Tensor& images, Tensor* bias_gradient) {
  if (recorded(features, images)) return WeightGradient::apply(features, images, problem);
  return compute(Direction::kWeightGradient, {problem, features, images, {}, bias_gradient});
}

constexpr int64_t outputs(int64_t size, int64_t kernel, int64_t stride, int64_t padding) {
  return (size + 2 * padding - kernel) / stride + 1;
}

/// Whether the ways above apply; everything else (other devices and types, groups, dilation, and whatever the engine must
/// refuse in its own words) is the engine's.
bool ours(const Tensor& input, const Tensor& weight, int64_t groups, IntArrayRef stride, IntArrayRef padding,
          IntArrayRef dilation, int64_t channel_dim) {
  const auto pair = [](IntArrayRef values, int64_t least) {
    return values.size() == 2 && values[0] >= least && values[1] >= least;
  };
  return input.device().is_cpu() && weight.device().is_cpu() && input.dim() == 4 && weight.dim() == 4 &&
         (input.scalar_type() == at::kFloat || input.scalar_type() == at::kDouble || input.scalar_type() == at::kBFloat16) &&
         weight.scalar_type() == input.scalar_type() && groups == 1 && input.numel() > 0 && weight.numel() > 0 &&
         input.size(1) == weight.size(channel_dim) && pair(stride, 1) && pair(padding, 0) && pair(dilation, 1) &&
         dilation[0] == 1 && dilation[1] == 1;
}

Optional<Tensor> cast_bias(const Optional<Tensor>& bias, at::ScalarType type) {
  return bias.has_value() ? Optional<Tensor>(cast_operand(*bias, type)) : Optional<Tensor>();
}

Tensor conv2d(const Tensor& input, const Tensor& weight, const Optional<Tensor>& bias, IntArrayRef stride,
              IntArrayRef padding, IntArrayRef dilation, int64_t groups) {
  if (const auto type = autocast_type(input.device().type())) {
    const WithoutAutocast guard;
    return gantry::conv2d(cast_operand(input, *type), cast_operand(weight, *type), cast_bias(bias, *type), stride, padding, dilation,
                  groups);
  }
  if (!ours(input, weight, groups, stride, padding, dilation, 1) ||
      input.size(2) + 2 * padding[0] < weight.size(2) || input.size(3) + 2 * padding[1] < weight.size(3)) {
    return at::conv2d(input, weight, bias, stride, padding, dilation, groups);
  }
  const Problem problem = {input.size(0),
                           input.size(1),
                           input.size(2),
                           input.size(3),
                           weight.size(0),
                           outputs(input.size(2), weight.size(2), stride[0], padding[0]),
                           outputs(input.size(3), weight.size(3), stride[1], padding[1]),
                           {weight.size(2), weight.size(3)},
                           {stride[0], stride[1]},
                           {padding[0], padding[1]}};
  return forward(problem, input, weight, bias.value_or(Tensor()));
}

Tensor conv_transpose2d(const Tensor& input, const Tensor& weight, const Optional<Tensor>& bias, IntArrayRef stride,
                        IntArrayRef padding, IntArrayRef output_padding, int64_t groups, IntArrayRef dilation) {
  if (const auto type = autocast_type(input.device().type())) {
    const WithoutAutocast guard;
    return gantry::conv_transpose2d(cast_operand(input, *type), cast_operand(weight, *type), cast_bias(bias, *type), stride, padding,
                            output_padding, groups, dilation);
  }
  const auto size = [&](int64_t i) {
    return (input.size(2 + i) - 1) * stride[i] - 2 * padding[i] + weight.size(2 + i) + output_padding[i];
  };
  const auto fits = [&](int64_t i) { return output_padding[i] >= 0 && output_padding[i] < stride[i] && size(i) >= 1; };
  if (!ours(input, weight, groups, stride, padding, dilation, 0) || output_padding.size() != 2 || !fits(0) || !fits(1)) {
    return at::conv_transpose2d(input, weight, bias, stride, padding, output_padding, groups, dilation);
  }
  const Problem problem = {input.size(0),  weight.size(1),
                           size(0),        size(1),
                           weight.size(0), input.size(2),
                           input.size(3),  {weight.size(2), weight.size(3)},
                           {stride[0], stride[1]}, {padding[0], padding[1]}};
  const Tensor images = image_gradient(problem, input, weight);
  return bias.has_value() && bias->defined() ? images.add_(bias->view({1, -1, 1, 1})) : images;
}

void set_mode(c10::string_view mode) {
  if (mode == "measure") return convolution::set_mode(convolution::Mode::kMeasure);
  if (mode == "exact") return convolution::set_mode(convolution::Mode::kExact);
  if (mode == "rules") return convolution::set_mode(convolution::Mode::kRules);
  throw std::invalid_argument("the mode of convolutions is rules, measure or exact");
}

}  // namespace

// The first two schemas are those of the namesakes in ATen.
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
  library.def("set_convolution_mode(str mode) -> ()", set_mode);
  library.def("convolution_choice_count() -> int", [] { return convolution::choice_count(); });
  library.def("convolution_choices() -> str", [] { return convolution::choices(); });
  library.def("set_convolution_choices(str lines) -> ()",
              [](c10::string_view lines) { convolution::set_choices(std::string(lines)); });
  library.def("convolution_seconds_measuring() -> float", [] { return convolution::seconds_measuring(); });
}

}  // namespace gantry
