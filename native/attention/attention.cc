// Attention, softmax(scale Q K^T) V, whose weights [N, M] are never stored: the passes of a step compute them in tiles
// (tiles.h). A recorded backward pass, and what the tiles do not know (other devices and types, and whatever the engine must
// refuse in its own words), is made of operators, which store the weights and have derivatives of every order.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "../autocast.h"
#include "../library.h"
#include "../version.h"
#include "tiles.h"

namespace gantry {
namespace {

using at::Tensor;
using attention::Gradients;
using attention::kQueries;
using attention::Matrix;
using attention::padded;
using attention::Sample;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// softmax(scale Q K^T)
Tensor weights_of(const Tensor& query, const Tensor& key, double scale) {
  return at::softmax(at::matmul(query.mul(scale), key.transpose(-2, -1)), -1);
}

/// The gradients as operators, with the names of tiles.h.
variable_list recorded_gradients(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& gradient,
                                 double scale) {
  const Tensor p = weights_of(query, key, scale);
  const Tensor dp = gradient.matmul(value.transpose(1, 2));
  const Tensor ds = p.mul(dp.sub(p.mul(dp).sum(-1, true))).mul(scale);
  return {ds.matmul(key), ds.transpose(1, 2).matmul(query), p.transpose(1, 2).matmul(gradient)};
}

Matrix matrix(const Tensor& batch, int64_t sample) {
  return {batch.data_ptr<float>() + sample * batch.stride(0), batch.size(1), batch.size(2), batch.stride(1),
          batch.stride(2)};
}

int64_t blocks_of(const Tensor& query) { return (query.size(1) + kQueries - 1) / kQueries; }

/// Memory for one thread's blocks.
std::unique_ptr<float[]> room(const Tensor& key, const Tensor& value) {
  return std::unique_ptr<float[]>(new float[attention::room_for(key.size(2), value.size(2))]);
}

/// The result [B, N, E], which lies in memory as the values do, and L [B, N] (tiles.h).
std::pair<Tensor, Tensor> forward(const Tensor& query, const Tensor& key, const Tensor& value, double scale) {
  const int64_t batch = query.size(0), count = query.size(1), width = value.size(2);
  const bool channels_last = value.stride(2) <= value.stride(1);
  const Tensor out = channels_last ? at::empty({batch, count, width}, query.options())
                                   : at::empty({batch, width, count}, query.options()).transpose(1, 2);
  const Tensor logarithms = at::empty({batch, count}, query.options());
  const int64_t blocks = blocks_of(query);
  at::parallel_for(0, batch * blocks, 1, [&](int64_t begin, int64_t end) {
    const auto memory = room(key, value);
    for (int64_t i = begin; i < end; i++) {
      const int64_t b = i / blocks;
      const Sample sample = {matrix(query, b), matrix(key, b), matrix(value, b), matrix(out, b),
                             logarithms.data_ptr<float>() + b * count, static_cast<float>(scale)};
      attention::blocks().forward(sample, i % blocks * kQueries, memory.get());
    }
  });
  return {out, logarithms};
}

/// The sums [B, parts, M, padded(E)] of each sample's parts, in their order, as the gradient of `of` [B, M, E].
Tensor summed(const Tensor& parts, const Tensor& of) {
  const Tensor sum = parts.size(1) == 1 ? parts.select(1, 0) : parts.sum(1);
  return at::empty_like(of).copy_(sum.narrow(2, 0, of.size(2)));
}

variable_list gradients(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& out,
                        const Tensor& logarithms, const Tensor& gradient, double scale) {
  const int64_t batch = query.size(0), blocks = blocks_of(query), threads = at::get_num_threads();
  // The blocks of a sample add to the same sums, so one thread takes them in their order. Where samples cannot be dealt
  // out evenly, each is cut into parts with sums of their own.
  const int64_t parts = std::min(blocks, threads / std::gcd(batch, threads));
  const Tensor query_gradient = at::empty_like(query);
  const Tensor key_sums = at::zeros({batch, parts, key.size(1), padded(key.size(2))}, query.options());
  const Tensor value_sums = at::zeros({batch, parts, value.size(1), padded(value.size(2))}, query.options());
  at::parallel_for(0, batch * parts, 1, [&](int64_t begin, int64_t end) {
    const auto memory = room(key, value);
    for (int64_t i = begin; i < end; i++) {
      const int64_t b = i / parts, part = i % parts;
      const Sample sample = {matrix(query, b), matrix(key, b), matrix(value, b), matrix(out, b),
                             logarithms.data_ptr<float>() + b * query.size(1), static_cast<float>(scale)};
      const Gradients sums = {matrix(gradient, b), matrix(query_gradient, b),
                              key_sums.data_ptr<float>() + i * key_sums.stride(1),
                              value_sums.data_ptr<float>() + i * value_sums.stride(1)};
      for (int64_t block = part * blocks / parts; block < (part + 1) * blocks / parts; block++) {
        attention::blocks().backward(sample, sums, block * kQueries, memory.get());
      }
    }
  });
  return {query_gradient, summed(key_sums, key), summed(value_sums, value)};
}

struct Attention : torch::autograd::Function<Attention> {
  static Tensor forward(AutogradContext* context, const Tensor& query, const Tensor& key, const Tensor& value,
                        double scale) {
    const auto [out, logarithms] = gantry::forward(query, key, value, scale);
    context->saved_data["scale"] = scale;
    context->save_for_backward({query, key, value, out, logarithms});
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list incoming) {
    const variable_list saved = context->get_saved_variables();
    const double scale = context->saved_data["scale"].toDouble();
    variable_list found = c10::GradMode::is_enabled()
                              ? recorded_gradients(saved[0], saved[1], saved[2], incoming[0], scale)
                              : gradients(saved[0], saved[1], saved[2], saved[3], saved[4], incoming[0], scale);
    found.push_back(Tensor());
    return found;
  }
};

/// Whether tiles apply to [..., N, D], [..., M, D] and [..., M, E].
bool tiled(const Tensor& query, const Tensor& key, const Tensor& value) {
  const auto known = [&](const Tensor& t) {
    return t.device().is_cpu() && t.scalar_type() == at::kFloat && t.dim() == query.dim() && t.numel() > 0 &&
           t.sizes().slice(0, t.dim() - 2) == query.sizes().slice(0, t.dim() - 2);
  };
  return query.dim() >= 2 && known(query) && known(key) && known(value) && query.size(-1) == key.size(-1) &&
         key.size(-2) == value.size(-2);
}

Tensor scaled_dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                    Optional<double> factor) {
  TORCH_CHECK(query.dim() >= 2 && key.dim() >= 2 && value.dim() >= 2,
              "expected query [..., N, D], key [..., M, D] and value [..., M, E], got ", query.dim(), ", ", key.dim(),
              " and ", value.dim(), " dimensions");
  const double scale = factor.value_or(1 / std::sqrt(static_cast<double>(std::max<int64_t>(1, query.size(-1)))));
  // In low precision the products are the engine's.
  if (autocast_type(query.device().type()) || !tiled(query, key, value)) return at::matmul(weights_of(query, key, scale), value);
  const auto batch = [](const Tensor& t) { return t.dim() == 3 ? t : t.reshape({-1, t.size(-2), t.size(-1)}); };
  const Tensor q = batch(query), k = batch(key), v = batch(value);
  const bool recorded = c10::GradMode::is_enabled() && (q.requires_grad() || k.requires_grad() || v.requires_grad());
  const Tensor out = recorded ? Attention::apply(q, k, v, scale) : forward(q, k, v, scale).first;
  if (query.dim() == 3) return out;
  std::vector<int64_t> sizes = query.sizes().vec();
  sizes.back() = value.size(-1);
  return out.reshape(sizes);
}

}  // namespace

void define_attention(torch::Library& library) {
  library.def("scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, float? scale=None) -> Tensor",
              scaled_dot_product_attention);
}

}  // namespace gantry
