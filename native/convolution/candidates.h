// The table of ways to compute a convolution, by direction.
#pragma once

#include <vector>

#include "problem.h"

namespace gantry::convolution {

/// All ways of a direction. The first that applies is the one that is taken where nothing is measured.
const std::vector<Candidate>& candidates(Direction direction);

// direct.cc
bool always(const Operands&);
bool is_deep(const Operands&);
at::Tensor engine_forward(const Operands&);
at::Tensor turned_forward(const Operands&);
at::Tensor halves_forward(const Operands&);
at::Tensor engine_image_gradient(const Operands&);
at::Tensor turned_image_gradient(const Operands&);
at::Tensor engine_weight_gradient(const Operands&);
at::Tensor turned_weight_gradient(const Operands&);

// subpixel.cc
bool is_towards_few_channels(const Operands&);
at::Tensor subpixel_image_gradient(const Operands&);

// winograd-candidates.cc, with tiles of `Tile` x `Tile` outputs
bool winograd_applies_3x3(const Operands&);
bool winograd_applies_4x4(const Operands&);
template <int Tile>
at::Tensor winograd_forward(const Operands&);
template <int Tile>
at::Tensor winograd_image_gradient(const Operands&);
template <int Tile>
at::Tensor winograd_weight_gradient(const Operands&);

}  // namespace gantry::convolution
