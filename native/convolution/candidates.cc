#include "candidates.h"

#include <torch/version.h>

namespace gantry::convolution {

const std::vector<Candidate>& candidates(Direction direction) {
  static const std::vector<Candidate> forward = {
#if TORCH_VERSION_MAJOR < 2
      {"halves", is_deep, halves_forward, false},  // its library takes a kernel of half the speed from this depth on
#endif
      {"engine", always, engine_forward, false},
      {"turned", always, turned_forward, false},
      {"winograd-2x2", winograd_applies_3x3, winograd_forward<2>, true},
      {"winograd-4x4", winograd_applies_3x3, winograd_forward<4>, true},
      {"phases-2x2", winograd_applies_4x4, winograd_forward<2>, true},
      {"phases-3x3", winograd_applies_4x4, winograd_forward<3>, true},
      {"phases-4x4", winograd_applies_4x4, winograd_forward<4>, true},
  };
  static const std::vector<Candidate> image_gradient = {
      {"sub-pixel", is_towards_few_channels, subpixel_image_gradient, false},
      {"engine", always, engine_image_gradient, false},
      {"turned", always, turned_image_gradient, false},
      {"winograd-2x2", winograd_applies_3x3, winograd_image_gradient<2>, true},
      {"winograd-4x4", winograd_applies_3x3, winograd_image_gradient<4>, true},
      {"phases-2x2", winograd_applies_4x4, winograd_image_gradient<2>, true},
      {"phases-3x3", winograd_applies_4x4, winograd_image_gradient<3>, true},
      {"phases-4x4", winograd_applies_4x4, winograd_image_gradient<4>, true},
  };
  static const std::vector<Candidate> weight_gradient = {
      {"engine", always, engine_weight_gradient, false},
      {"turned", always, turned_weight_gradient, false},
      {"winograd-2x2", winograd_applies_3x3, winograd_weight_gradient<2>, true},
      {"winograd-4x4", winograd_applies_3x3, winograd_weight_gradient<4>, true},
      {"phases-2x2", winograd_applies_4x4, winograd_weight_gradient<2>, true},
      {"phases-3x3", winograd_applies_4x4, winograd_weight_gradient<3>, true},
      {"phases-4x4", winograd_applies_4x4, winograd_weight_gradient<4>, true},
  };
  switch (direction) {
    case Direction::kForward:
      return forward;
    case Direction::kImageGradient:
      return image_gradient;
    default:
      return weight_gradient;
  }
}

}  // namespace gantry::convolution
