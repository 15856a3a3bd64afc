// Images looked up at places, differentiable any number of times with respect to the images. ATen's operator has one derivative:
// a penalty on gradients that go through a resampled image needs the second. The lookup is linear in the images, so its
// gradient's gradient is the lookup itself.
#include <ATen/ops/grid_sampler.h>
#include <ATen/ops/grid_sampler_2d.h>
#include <ATen/ops/grid_sampler_2d_backward.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "library.h"

namespace gantry {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The numbers that ATen's operators take for the interpolation, and for what lies outside.
struct Rule {
  int64_t interpolation;
  int64_t padding;
  bool align_corners;
};

void keep_rule(AutogradContext* context, const Rule& rule) {
  context->saved_data["interpolation"] = rule.interpolation;
  context->saved_data["padding"] = rule.padding;
  context->saved_data["align_corners"] = rule.align_corners;
}

Rule kept_rule(AutogradContext* context) {
  return {context->saved_data["interpolation"].toInt(), context->saved_data["padding"].toInt(),
          context->saved_data["align_corners"].toBool()};
}

Tensor lookup(const Tensor& images, const Tensor& grid, const Rule& rule);

/// The transpose of the lookup: values [N, C, oH, oW] are added to the pixels [N, C, H, W] that they would be looked up at.
struct Scatter : torch::autograd::Function<Scatter> {
  static Tensor forward(AutogradContext* context, const Tensor& values, const Tensor& grid, int64_t height,
                        int64_t width, const Rule& rule) {
    context->save_for_backward({grid});
    keep_rule(context, rule);
    // Of the images ATen reads the shape alone, since the grid's gradient is not asked for.
    const Tensor images = values.new_zeros({values.size(0), values.size(1), height, width});
    return std::get<0>(at::grid_sampler_2d_backward(values, images, grid, rule.interpolation, rule.padding,
                                                    rule.align_corners, {true, false}));
  }

  static variable_list backward(AutogradContext* context, variable_list incoming) {
    const Tensor grid = context->get_saved_variables()[0];
    return {lookup(incoming[0], grid, kept_rule(context)), Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

struct Lookup : torch::autograd::Function<Lookup> {
  static Tensor forward(AutogradContext* context, const Tensor& images, const Tensor& grid, const Rule& rule) {
    context->save_for_backward({grid});
    context->saved_data["height"] = images.size(2);
    context->saved_data["width"] = images.size(3);
    keep_rule(context, rule);
    return at::grid_sampler_2d(images, grid, rule.interpolation, rule.padding, rule.align_corners);
  }

  static variable_list backward(AutogradContext* context, variable_list incoming) {
    const Tensor grid = context->get_saved_variables()[0];
    const int64_t height = context->saved_data["height"].toInt(), width = context->saved_data["width"].toInt();
    return {Scatter::apply(incoming[0], grid, height, width, kept_rule(context)), Tensor(), Tensor()};
  }
};

Tensor lookup(const Tensor& images, const Tensor& grid, const Rule& rule) { return Lookup::apply(images, grid, rule); }

/// As at::grid_sampler. Where the grid is trained, or images have three dimensions, there is no second derivative.
Tensor grid_sampler(const Tensor& images, const Tensor& grid, int64_t interpolation, int64_t padding,
                    bool align_corners) {
  constexpr int64_t kBicubic = 2;
  const bool known = images.dim() == 4 && grid.dim() == 4 && interpolation != kBicubic;
  if (!known || grid.requires_grad() || !images.requires_grad() || !c10::GradMode::is_enabled()) {
    return at::grid_sampler(images, grid, interpolation, padding, align_corners);
  }
  return lookup(images, grid, {interpolation, padding, align_corners});
}

}  // namespace

void define_grid_sampling(torch::Library& library) {
  library.def(
      "grid_sampler(Tensor self, Tensor grid, int interpolation_mode, int padding_mode, bool align_corners) -> Tensor",
      grid_sampler);
}

}  // namespace gantry
