// Adam (Kingma and Ba 2015, algorithm 1) as one pass over memory: from operators it takes some ten, each of which reads
// and writes every parameter, and small networks spend more on calling them than on the arithmetic.
#include <ATen/Parallel.h>
#include <ATen/ops/empty_like.h>
#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "library.h"

// The loop is compiled for wider vectors too, and the widest that the processor has is chosen when the binding is loaded;
// all give the same bits, since none may fuse a product with a sum (scripts/setup/compile-flags.js).
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__)
#define GANTRY_VECTORISED __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define GANTRY_VECTORISED
#endif

namespace gantry {
namespace {

template <typename T>
struct Constants {
  T beta1, beta2, rest1, rest2, root_correction, eps, step_size, weight_decay;
};

// Written twice rather than as a template: clones of a template's instances do not link with every GCC.
#define GANTRY_ADAM_LOOP(NAME, T)                                                                            \
  GANTRY_VECTORISED void NAME(T* __restrict p, const T* __restrict g, T* __restrict m, T* __restrict v,      \
                              int64_t count, const Constants<T>& c) {                                        \
    const Constants<T> k = c;                                                                                \
    if (m == nullptr) {                                                                                      \
      for (int64_t i = 0; i < count; i++) {                                                                  \
        const T d = g[i] + k.weight_decay * p[i];                                                            \
        v[i] = v[i] * k.beta2 + k.rest2 * d * d;                                                             \
        p[i] -= k.step_size * d / (std::sqrt(v[i]) / k.root_correction + k.eps);                             \
      }                                                                                                      \
    } else {                                                                                                 \
      for (int64_t i = 0; i < count; i++) {                                                                  \
        const T d = g[i] + k.weight_decay * p[i];                                                            \
        m[i] = m[i] * k.beta1 + k.rest1 * d;                                                                 \
        v[i] = v[i] * k.beta2 + k.rest2 * d * d;                                                             \
        p[i] -= k.step_size * m[i] / (std::sqrt(v[i]) / k.root_correction + k.eps);                          \
      }                                                                                                      \
    }                                                                                                        \
  }
GANTRY_ADAM_LOOP(adam_floats, float)
GANTRY_ADAM_LOOP(adam_doubles, double)
#undef GANTRY_ADAM_LOOP

void run(float* p, const float* g, float* m, float* v, int64_t count, const Constants<float>& c) {
  adam_floats(p, g, m, v, count, c);
}
void run(double* p, const double* g, double* m, double* v, int64_t count, const Constants<double>& c) {
  adam_doubles(p, g, m, v, count, c);
}

/// What the loop needs: one dense block each, in the same order.
bool alike(const at::Tensor& parameter, const at::Tensor& other) {
  return other.device().is_cpu() && other.scalar_type() == parameter.scalar_type() &&
         other.sizes() == parameter.sizes() && other.strides() == parameter.strides();
}

template <typename T>
void fused(at::TensorList parameters, const std::vector<at::Tensor>& gradients, at::TensorList means,
           at::TensorList squares, const Constants<T>& constants) {
  // All tensors form one range, so that threads start once and share it evenly.
  std::vector<int64_t> ends;
  int64_t total = 0;
  for (const at::Tensor& parameter : parameters) ends.push_back(total += parameter.numel());
  at::parallel_for(0, total, 1 << 14, [&](int64_t begin, int64_t end) {
    size_t i = std::upper_bound(ends.begin(), ends.end(), begin) - ends.begin();
    while (begin < end) {
      const int64_t offset = begin - (ends[i] - parameters[i].numel());
      const int64_t count = std::min(end, ends[i]) - begin;
      run(parameters[i].data_ptr<T>() + offset, gradients[i].data_ptr<T>() + offset,
          means.empty() ? nullptr : means[i].data_ptr<T>() + offset, squares[i].data_ptr<T>() + offset, count,
          constants);
      begin += count;
      i++;
    }
  });
}

/// The same from operators, for other devices, dtypes and layouts.
void from_operators(const at::Tensor& parameter, at::Tensor gradient, const at::Tensor* mean, const at::Tensor& square,
                    const Constants<double>& c) {
  if (c.weight_decay != 0) gradient = gradient.add(parameter, c.weight_decay);
  if (mean != nullptr) mean->mul_(c.beta1).add_(gradient, c.rest1);
  square.mul_(c.beta2).addcmul_(gradient, gradient, c.rest2);
  parameter.addcdiv_(mean != nullptr ? *mean : gradient, square.sqrt().div_(c.root_correction).add_(c.eps),
                     -c.step_size);
}

template <typename T>
Constants<T> narrowed(const Constants<double>& c) {
  const auto t = [](double value) { return static_cast<T>(value); };
  return {t(c.beta1), t(c.beta2),     t(c.rest1),     t(c.rest2), t(c.root_correction),
          t(c.eps),   t(c.step_size), t(c.weight_decay)};
}

/// One step of Adam on lists of equal length, in place. `means` may be empty where beta1 is 0; `step` counts from 1.
/// Throws c10::Error for lists that do not fit and for leaves that record gradients.
void adam_(at::TensorList parameters, at::TensorList gradients, at::TensorList means, at::TensorList squares, double lr,
           double beta1, double beta2, double eps, double weight_decay, int64_t step) {
  const size_t count = parameters.size();
  TORCH_CHECK(gradients.size() == count && squares.size() == count && (means.empty() || means.size() == count),
              "lists of unequal lengths: ", count, " parameters, ", gradients.size(), " gradients, ", means.size(),
              " means, ", squares.size(), " squares");
  TORCH_CHECK(!means.empty() || beta1 == 0, "means may be left out only where beta1 is 0");
  TORCH_CHECK(step >= 1, "step (=", step, ") counts from 1");
  if (count == 0) return;

  std::vector<at::Tensor> laid_out;
  bool one_pass = true;
  const at::ScalarType type = parameters[0].scalar_type();
  for (size_t i = 0; i < count; i++) {
    const at::Tensor& p = parameters[i];
    for (const at::Tensor* other : {&gradients[i], &squares[i], means.empty() ? &p : &means[i]})
      TORCH_CHECK(other->sizes() == p.sizes(), "tensors ", i, " have the sizes ", p.sizes(), " and ", other->sizes());
    TORCH_CHECK(!(p.requires_grad() && c10::GradMode::is_enabled()),
                "a parameter that requires gradients is changed in place: use noGrad");
    one_pass = one_pass && (type == at::kFloat || type == at::kDouble) && p.scalar_type() == type &&
               p.device().is_cpu() && p.is_non_overlapping_and_dense() && alike(p, squares[i]) &&
               (means.empty() || alike(p, means[i])) && gradients[i].device().is_cpu() &&
               gradients[i].scalar_type() == type;
  }
  const Constants<double> constants{
      beta1, beta2, 1 - beta1, 1 - beta2, std::sqrt(1 - std::pow(beta2, static_cast<double>(step))), eps,
      lr / (1 - std::pow(beta1, static_cast<double>(step))), weight_decay};
  if (!one_pass) {
    for (size_t i = 0; i < count; i++)
      from_operators(parameters[i], gradients[i], means.empty() ? nullptr : &means[i], squares[i], constants);
    return;
  }
  for (size_t i = 0; i < count; i++)
    laid_out.push_back(alike(parameters[i], gradients[i]) ? gradients[i]
                                                          : at::empty_like(parameters[i]).copy_(gradients[i]));
  if (type == at::kFloat)
    fused<float>(parameters, laid_out, means, squares, narrowed<float>(constants));
  else
    fused<double>(parameters, laid_out, means, squares, constants);
  // libtorch did not see these writes; graphs that saved one of the tensors must.
  for (const at::TensorList& list : {parameters, means, squares})
    for (const at::Tensor& tensor : list)
      if (!tensor.is_inference()) tensor.unsafeGetTensorImpl()->bump_version();
}

}  // namespace

void define_adam(torch::Library& library) {
  library.def(
      "adam_(Tensor(a!)[] parameters, Tensor[] gradients, Tensor(b!)[] means, Tensor(c!)[] squares, float lr, "
      "float beta1, float beta2, float eps, float weight_decay, int step) -> ()",
      adam_);
}

}  // namespace gantry
