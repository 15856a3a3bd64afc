// Winograd convolution (Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks").
#pragma once

#include <cstdint>

namespace gantry::convolution {

/// A convolution with r x r taps and stride 1 between planes of pixels that lie in tensors with channels last. A plane is the
/// whole image (step 1) or one of the four phases of an image whose pixels alternate (step 2). Pixel (y, x) of phase (p, q) is
/// pixel (2 y + p - 1, 2 x + q - 1) of an image that is read, zero where that lies outside, or (2 y + 1 - p, 2 x + 1 - q) of one
/// that is written: those that the taps of phase (p, q) give.
struct WinogradShape {
  int64_t batch;
  int64_t in_height, in_width, in_channels;     // of the image that is read
  int64_t out_height, out_width, out_channels;  // of the image that is written
  int64_t rows, columns;                        // of the planes that are computed
  int64_t padding;                              // rows of zeros above the image that is read
  int in_step, out_step;                        // 1, or 2 for phases
  int taps;                                     // r: 3 or 2
  int tile;                                     // m: outputs of a tile in each direction
};

/// Numbers in the transformed kernel: (m + r - 1)^2 matrices for each phase that is written, in panels (panels.h), with a row for
/// each channel, of each phase, that is read and a column for each that is written.
int64_t winograd_kernel_size(const WinogradShape& shape);

/// Transforms weights [K][kernel][kernel][C]. `contract_first`: the convolution sums over K and its taps are mirrored (the
/// input gradient); otherwise it sums over C.
void winograd_kernel(const WinogradShape& shape, const float* weight, bool contract_first, float* transformed);

/// The convolution; `bias` may be null.
void winograd_forward(const WinogradShape& shape, const float* input, const float* transformed, const float* bias,
                      float* output);

/// Gradient of weights [K][kernel][kernel][C] of the convolution of `input` (C) to what `gradient` (K) is the gradient of.
void winograd_weight_gradient(const WinogradShape& shape, const float* input, const float* gradient, float* weight_gradient);

}  // namespace gantry::convolution
