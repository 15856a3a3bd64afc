// Samples of a batch, its first dimension: which of them are zero throughout, and batches of the others. On the CPU, for
// batches of float32 or float64 whose samples follow each other in memory, as they do in both memory formats.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "version.h"

namespace gantry {

/// The samples of a gradient, in order, that hold a number other than zero (NaN is one, -0.0 is not), when leaving out
/// the rest saves more than it costs; nothing otherwise.
Optional<std::vector<int64_t>> samples_worth_choosing(const at::Tensor& gradient);

/// [rows, ...]: those samples of a batch, in its memory format.
at::Tensor gather_samples(const at::Tensor& batch, const std::vector<int64_t>& rows);

/// [size, ...]: a batch with `samples` at these rows, in ascending order, and zeros elsewhere.
at::Tensor scatter_samples(const at::Tensor& samples, const std::vector<int64_t>& rows, int64_t size);

}  // namespace gantry
