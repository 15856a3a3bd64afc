// Matrix products for Winograd's algorithms. Every matrix lies in panels of 32 columns, [columns / 32][rows][32]: what a product
// reads in turn lies side by side, so nothing has to be packed before it, which a BLAS does on every call.
#pragma once

#include <cstdint>

namespace gantry::convolution {

constexpr int64_t kPanel = 32;

/// The next multiple of `step`.
constexpr int64_t rounded_up(int64_t count, int64_t step) { return (count + step - 1) / step * step; }

/// A matrix in panels. Column c of row r is at data + c / 32 * stride + 32 * r + c % 32.
template <typename Number>
struct Panels {
  Number* data;
  int64_t stride;
};

struct PanelProducts {
  /// C [rows, columns] = A [rows, depth] B [depth, columns]; depth and columns are multiples of 32.
  void (*product)(int64_t rows, int64_t columns, int64_t depth, Panels<const float> a, Panels<const float> b, Panels<float> c);
  /// C [rows, columns] = A^T B, or C + A^T B where `adds`, with A [depth, rows] and B [depth, columns]; rows and columns are
  /// multiples of 32.
  void (*product_of_transposed)(int64_t rows, int64_t columns, int64_t depth, Panels<const float> a, Panels<const float> b,
                                Panels<float> c, bool adds);
};

/// The products in the widest vectors of this processor.
const PanelProducts& panel_products();

}  // namespace gantry::convolution
