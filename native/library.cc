// Makes libtorch know Gantry's own operators.
#include "library.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include "environment.h"

namespace gantry {

void define_operators() {
  // libtorch's table is the process's, and what is in it when this binding loads calls another binding's code.
  static const bool defined = [] {
    TORCH_CHECK(!c10::Dispatcher::singleton().findSchema({"gantry::adam_", ""}),
                "another version of Gantry is loaded in this process already: import one of them only");
    // Never destroyed: libtorch's own table may be gone by the end of the process.
    auto& library = *new torch::Library(torch::Library::FRAGMENT, "gantry", {}, __FILE__, __LINE__);
    define_adam(library);
    define_attention(library);
    define_collectives(library);
    define_convolutions(library);
    define_distances(library);
    define_grid_sampling(library);
    define_spectral_norm(library);
    return true;
  }();
  static_cast<void>(defined);
}

}  // namespace gantry
