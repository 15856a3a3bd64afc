#include "samples.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>

namespace gantry {
namespace {

using at::Tensor;

/// Fewer zero samples than one in this many do not pay for the two copies.
constexpr int64_t kLeastShare = 8;

template <typename T>
bool any_number(const T* values, int64_t count) {
  constexpr int64_t kBlock = 64;
  int64_t i = 0;
  for (; i + kBlock <= count; i += kBlock) {
    bool found = false;
    for (int64_t j = 0; j < kBlock; j++) found |= values[i + j] != 0;
    if (found) return true;
  }
  for (; i < count; i++)
    if (values[i] != 0) return true;
  return false;
}

/// A batch with the shape of `like` and another size.
Tensor batch_like(const Tensor& like, int64_t size) {
  std::vector<int64_t> sizes = like.sizes().vec();
  sizes[0] = size;
  return at::empty(sizes, like.options(), like.suggest_memory_format());
}

size_t sample_bytes(const Tensor& batch) { return batch.numel() / batch.size(0) * batch.element_size(); }

/// Runs `work(sample)` for the samples of a batch, by several threads where they are large.
template <typename Work>
void for_samples(int64_t count, size_t bytes, Work work) {
  const int64_t grain = std::max<int64_t>(1, (1 << 16) / static_cast<int64_t>(bytes));
  at::parallel_for(0, count, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) work(i);
  });
}

}  // namespace

Optional<std::vector<int64_t>> samples_worth_choosing(const Tensor& gradient) {
  const int64_t size = gradient.size(0);
  if (gradient.numel() == 0 || !gradient.is_contiguous(gradient.suggest_memory_format())) return {};
  const int64_t length = gradient.numel() / size;
  std::vector<char> holds(size);
  AT_DISPATCH_FLOATING_TYPES_AND(at::kBFloat16, gradient.scalar_type(), "samples_worth_choosing", [&] {
    const scalar_t* values = gradient.data_ptr<scalar_t>();
    for_samples(size, sample_bytes(gradient), [&](int64_t i) { holds[i] = any_number(values + i * length, length); });
  });
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < size; i++)
    if (holds[i]) rows.push_back(i);
  if ((size - static_cast<int64_t>(rows.size())) * kLeastShare < size) return {};
  return rows;
}

Tensor gather_samples(const Tensor& batch, const std::vector<int64_t>& rows) {
  const Tensor source = batch.contiguous(batch.suggest_memory_format());
  const Tensor samples = batch_like(source, rows.size());
  const size_t bytes = sample_bytes(source);
  const char* from = static_cast<const char*>(source.data_ptr());
  char* to = static_cast<char*>(samples.data_ptr());
  for_samples(rows.size(), bytes, [&](int64_t i) { std::memcpy(to + i * bytes, from + rows[i] * bytes, bytes); });
  return samples;
}

Tensor scatter_samples(const Tensor& samples, const std::vector<int64_t>& rows, int64_t size) {
  const Tensor source = samples.contiguous(samples.suggest_memory_format());
  const Tensor batch = batch_like(source, size);
  const size_t bytes = sample_bytes(source);
  const char* from = static_cast<const char*>(source.data_ptr());
  char* to = static_cast<char*>(batch.data_ptr());
  for_samples(size, bytes, [&](int64_t i) {
    const auto found = std::lower_bound(rows.begin(), rows.end(), i);
    if (found != rows.end() && *found == i) {
      std::memcpy(to + i * bytes, from + (found - rows.begin()) * bytes, bytes);
    } else {
      std::memset(to + i * bytes, 0, bytes);
    }
  });
  return batch;
}

}  // namespace gantry
