// Gantry's own operators: libtorch keeps them under "gantry::", where autograd and JavaScript find them by name.
#pragma once

#include <torch/library.h>

namespace gantry {

// One per source file: defines that file's operators.
void define_adam(torch::Library& library);
void define_attention(torch::Library& library);
void define_collectives(torch::Library& library);
void define_convolutions(torch::Library& library);
void define_distances(torch::Library& library);
void define_grid_sampling(torch::Library& library);
void define_spectral_norm(torch::Library& library);

}  // namespace gantry
