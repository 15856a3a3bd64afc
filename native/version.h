// Every difference between the libtorch versions that Gantry supports (1.13 to 2.x), in one place.
#pragma once

#include <torch/version.h>

#include <c10/util/Exception.h>

#if TORCH_VERSION_MAJOR < 1 || (TORCH_VERSION_MAJOR == 1 && TORCH_VERSION_MINOR < 13)
#error "Gantry needs libtorch 1.13 or later"
#endif

#include <optional>

/// Whether a stream tells the handle that its device's makers know it by.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 13)
#define GANTRY_STREAM_HANDLES
#endif

namespace gantry {

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
template <typename T>
using Optional = std::optional<T>;
#else
template <typename T>
using Optional = c10::optional<T>;
#endif

/// Before 2.0, the convolution library chooses a kernel of half the speed where 4,096 inputs or more meet in an output.
constexpr bool kSlowDeepConvolution = TORCH_VERSION_MAJOR < 2;

}  // namespace gantry
