// A two-dimensional convolution seen from its three computations. It stands between images [N, C, H, W] and features
// [N, K, H', W'], with weights [K, C, h, w]:
//
//     forward           images, weights   -> features
//     image gradient    features, weights -> images      (also what a transposed convolution computes)
//     weight gradient   features, images  -> weights
//
// Each one's gradients are the other two, so gradients of every order are made of these three.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <string>

namespace gantry::convolution {

enum class Direction { kForward, kImageGradient, kWeightGradient };

struct Problem {
  int64_t batch, channels, height, width;
  int64_t features, feature_height, feature_width;
  std::array<int64_t, 2> kernel, stride, padding;

  /// Whether height and width have this kernel, stride and padding.
  bool is(int64_t size, int64_t step, int64_t zeros) const {
    const std::array<int64_t, 2> k = {size, size}, s = {step, step}, p = {zeros, zeros};
    return kernel == k && stride == s && padding == p;
  }
};

/// What a computation reads, and the one thing that it may give besides.
struct Operands {
  const Problem& problem;
  const at::Tensor& first;   // images (forward) or features
  const at::Tensor& second;  // weights, or images (weight gradient)
  const at::Tensor& bias;    // of a forward pass; undefined for none
  /// Where a weight gradient may put the gradient of the bias if that costs it little; null if it is not wanted.
  at::Tensor* bias_gradient;
};

/// One way to do a computation. The result has the memory format of `first`, a weight gradient that of the images.
struct Candidate {
  const char* name;
  bool (*applies)(const Operands&);
  at::Tensor (*run)(const Operands&);
  /// Whether it rounds more than a sum of products does.
  bool rounds_more;
};

}  // namespace gantry::convolution
